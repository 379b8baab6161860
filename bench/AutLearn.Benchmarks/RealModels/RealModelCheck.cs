using AutLearn.Compiler;
using AutLearn.Compiler.Losses;
using AutLearn.Compiler.Optimizers;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Graph.Serialization;
using AutLearn.Runtime;
using AutLearn.Testing.Gradients;
using Microsoft.ML.OnnxRuntime;

namespace AutLearn.Benchmarks.RealModels;

/// <summary>Takes one model through everything that an app asks of it: compile, open, predict, learn, export.</summary>
internal sealed class RealModelCheck : IDisposable
{
    public static readonly string[] Ways = ["last 1", "last 2", "new head", "adapter", "all"];

    private const int Rows = 2;
    private const int NewClasses = 5;
    private const int Steps = 10;
    private const double RelativeError = 5e-3;

    // Integer kernels round where floating point does not; which one runs depends on what the optimizer fuses.
    private const double QuantizedError = 5e-2;
    private static readonly int[] OpenSizes = [64, 16, 224, 512, 128, 320, 8];

    private readonly string _path;
    private readonly OrtModel _original;
    private readonly bool _isQuantized;
    private readonly double _tolerance;
    private Dictionary<string, Tensor>? _inputs;
    private IReadOnlyDictionary<string, Tensor>? _outputs;

    public RealModelCheck(string path)
    {
        _path = path;
        _original = new OrtModel(path, GraphOptimizationLevel.ORT_ENABLE_ALL);
        OnnxModel model = OnnxFile.Read(path);
        _isQuantized = model.Graph.Nodes.Any(n => n.OpType.Contains("Quantize", StringComparison.Ordinal) || n.OpType.StartsWith("QLinear", StringComparison.Ordinal) || n.OpType.EndsWith("Integer", StringComparison.Ordinal));
        bool isHalf = model.Graph.Initializers.Any(v => v.ElementType == ElementType.Float16);
        _tolerance = _isQuantized ? QuantizedError : isHalf ? 2 * RelativeError : RelativeError;
    }

    public void Dispose() => _original.Dispose();

    /// <summary>Tells whether ONNX Runtime itself runs the model on made-up inputs of any size tried.</summary>
    public bool OriginalRuns(out string why)
    {
        why = "";
        foreach (int size in OpenSizes)
        {
            try
            {
                var example = new ExampleInputs(Rows, size, seed: 1);
                var inputs = new Dictionary<string, Tensor>();
                foreach ((string name, NodeMetadata input) in _original.Inputs)
                    inputs[name] = example.Of(name, (ElementType)(int)input.ElementDataType, ShapeOf(input), IsBatch);
                _outputs = _original.Run(inputs);
                _inputs = inputs;
                IReadOnlyDictionary<string, Tensor> again = _original.Run(inputs);
                why = "it gives other results for the same inputs, or none that are finite";
                return _outputs.All(o => o.Value.Bytes.Span.SequenceEqual(again[o.Key].Bytes.Span) && Numbers(o.Value.ElementType, o.Value.Bytes.Span).All(double.IsFinite));
            }
            catch (Exception error) when (error is OnnxRuntimeException or NotSupportedException)
            {
                why = FirstLine(error);
            }
        }

        return false;
    }

    /// <summary>Tries one way of training the model.</summary>
    /// <returns>"ok", or "refused: ..." or "WRONG: ...".</returns>
    public string Try(string way)
    {
        string package = Path.Combine(Path.GetTempPath(), $"autlearn-real-{Environment.ProcessId}.autlearn");
        try
        {
            OnnxModel model = OnnxFile.Read(_path);
            CompileOptions options = Options(way);
            if (way == "new head")
                HeadReplacement.Replace(model, NewClasses, seed: 1);
            CompiledArtifacts artifacts;
            try
            {
                artifacts = Compile(model, options);
            }
            catch (AutLearnException error)
            {
                return $"refused: {FirstLine(error)}";
            }

            artifacts.SavePackage(package);
            return Use(package, way == "new head" ? null : _outputs!);
        }
        catch (AutLearnException error) when (way == "new head" && error is InvalidModelException)
        {
            return $"refused: {FirstLine(error)}";
        }
        catch (Exception error)
        {
            return $"WRONG: {error.GetType().Name}: {FirstLine(error)}";
        }
        finally
        {
            File.Delete(package);
        }
    }

    private static CompileOptions Options(string way) => new()
    {
        Trainable = way switch
        {
            "last 1" or "new head" => TrainableSelection.LastLayers(1),
            "last 2" => TrainableSelection.LastLayers(2),
            "adapter" => TrainableSelection.None,
            _ => TrainableSelection.All,
        },
        Adapter = way == "adapter" ? new LowRankAdapter { Rank = 4 } : null,
        Optimizer = new SgdOptimizer(),
        Defaults = new(0.001, Rows, 1),
    };

    // The loss is cross-entropy where the scores are classes, binary cross-entropy before a sigmoid, else the mean squared difference; of several outputs the first floating-point one is read.
    private CompiledArtifacts Compile(OnnxModel model, CompileOptions options)
    {
        try
        {
            return ModelCompiler.Compile(model, options);
        }
        catch (AutLearnException error) when (error.Message.Contains("LogitsName", StringComparison.Ordinal))
        {
            options.LogitsName = model.Graph.Outputs.First(o => o.ElementType.IsFloatingPoint() || o.ElementType == ElementType.Undefined).Name;
            return Compile(model, options);
        }
        catch (InvalidModelException error) when (options.Loss is SoftmaxCrossEntropyLoss && error.Message.Contains("cross-entropy", StringComparison.Ordinal))
        {
            options.Loss = model.Graph.Outputs.Any(o => o.Producer?.Is("Sigmoid") == true) ? new BinaryCrossEntropyWithLogitsLoss() : new MeanSquaredLoss();
            return Compile(model, options);
        }
        catch (AutLearnException error) when (error.Message.Contains("--fix", StringComparison.Ordinal) && options.FixedInputs.IsEmpty && model.Graph.Inputs.Any(i => i.Name is "sr"))
        {
            options.FixedInputs = options.FixedInputs.Add("sr", 16000);
            return Compile(model, options);
        }
    }

    private string Use(string package, IReadOnlyDictionary<string, Tensor>? expected)
    {
        using PersonalModel personal = PersonalModel.Open(package, new PersonalModelOptions { IntraOpThreads = 1 });
        ArtifactManifest manifest = personal.Manifest;
        TensorBuffer[] inputs = [.. manifest.Inputs.Select(i => Input(i, manifest))];
        using PredictionBatch batch = personal.Predict(inputs);
        if (expected is not null && Difference(manifest, batch, expected) is { } difference)
            return $"WRONG: {difference}";
        FeatureSet features = personal.CreateFeatureSet();
        features.Add(batch, LabelsFor(manifest, batch.Logits));
        if (Derivative(personal, batch, features) is { } wrong)
            return $"WRONG: {wrong}";
        double first = personal.Evaluate(features).Loss;
        double last = Descend(personal, batch, features, first);
        if (!(last < first))
            return $"WRONG: {Steps} steps take the loss from {first:G5} to {last:G5}";
        personal.Predict(batch);
        return Exported(personal, batch, inputs);
    }

    private TensorBuffer Input(TensorSpec spec, ArtifactManifest manifest)
    {
        // The same numbers as the original's; rows beyond those of a fixed batch repeat them.
        Tensor source = _inputs![spec.Name];
        Shape shape = spec.ToShape();
        Shape declared = ShapeOf(_original.Inputs[spec.Name]);
        bool isTurned = shape.Rank > 1 && shape[0].Symbol == manifest.BatchSymbol && (declared[1].Symbol == manifest.BatchSymbol || (declared[0].IsKnown && declared[0] != declared[1] && shape[1] == declared[0]));
        if (isTurned)
            source = Turned(source);
        long[] sizes = [.. source.Dimensions];
        if (shape.Rank > 0 && shape[0].Symbol == manifest.BatchSymbol)
            sizes[0] = Rows;
        var buffer = new TensorBuffer(spec.ElementType, sizes);
        for (int at = 0; at < buffer.Bytes.Length; at += Math.Max(1, source.Bytes.Length))
            source.Bytes.Span[..Math.Min(source.Bytes.Length, buffer.Bytes.Length - at)].CopyTo(buffer.Bytes[at..]);
        return buffer;
    }

    private static Tensor Turned(Tensor tensor)
    {
        int a = (int)tensor.Dimensions[0], b = (int)tensor.Dimensions[1], block = tensor.Bytes.Length / (a * b);
        byte[] bytes = new byte[tensor.Bytes.Length];
        for (int i = 0; i < a; i++)
        {
            for (int j = 0; j < b; j++)
                tensor.Bytes.Slice(((i * b) + j) * block, block).CopyTo(bytes.AsMemory(((j * a) + i) * block));
        }

        return new(tensor.ElementType, [b, a, .. tensor.Dimensions.Skip(2)], bytes);
    }

    private string? Difference(ArtifactManifest manifest, PredictionBatch batch, IReadOnlyDictionary<string, Tensor> expected)
    {
        for (int p = 0; p < manifest.Predictions.Length; p++)
        {
            TensorSpec spec = manifest.Predictions[p];
            if (!expected.TryGetValue(spec.Name, out Tensor? tensor) || !spec.ElementType.IsFloatingPoint())
                continue;
            double[] ours = Numbers(batch.Predictions[p].ElementType, batch.Predictions[p].Bytes), theirs = Numbers(tensor.ElementType, tensor.Bytes.Span);

            // A model exported for another number of rows is compared by those that both have.
            int count = Math.Min(ours.Length, theirs.Length);
            bool areRows = tensor.Dimensions.Length > 0 && batch.Predictions[p].Dimensions.Length == tensor.Dimensions.Length && batch.Predictions[p].Dimensions[1..].SequenceEqual(tensor.Dimensions.AsSpan()[1..]);
            if (count == 0 || (ours.Length != theirs.Length && !areRows))
            {
                if (spec.Shape.Length > 0 && spec.Shape[0] == manifest.BatchSymbol)
                    return $"prediction '{spec.Name}' has {batch.Predictions[p]}, the original [{string.Join(",", tensor.Dimensions)}]";
                continue;
            }

            double largest = theirs.Select(Math.Abs).DefaultIfEmpty(0).Max(), off = 0;
            for (int i = 0; i < count; i++)
                off = Math.Max(off, Math.Abs(ours[i] - theirs[i]));
            if (!(off <= _tolerance * Math.Max(largest, 1e-3)))
                return $"prediction '{spec.Name}' differs by {off:G3} of {largest:G3}";
        }

        return null;
    }

    private static TensorBuffer LabelsFor(ArtifactManifest manifest, TensorBuffer scores)
    {
        var random = new Random(3);
        bool areClasses = !manifest.Labels.ElementType.IsFloatingPoint();
        long[] sizes = areClasses ? scores.Dimensions[..^1].ToArray() : scores.Dimensions.ToArray();
        var labels = new TensorBuffer(manifest.Labels.ElementType, sizes);
        int classes = areClasses ? (int)scores.Dimensions[^1] : 0;
        if (areClasses)
        {
            foreach (ref long label in labels.Span<long>())
                label = random.Next(classes);
            return labels;
        }

        double[] values = Numbers(scores.ElementType, scores.Bytes);
        double spread = Math.Max(1e-3, values.Select(Math.Abs).DefaultIfEmpty(0).Max());
        for (int i = 0; i < labels.Count; i++)
        {
            double number = manifest.Loss.Kind == "binary_cross_entropy_with_logits" ? random.Next(2) : values[i] + (spread * 0.5 * ((2 * random.NextDouble()) - 1));
            switch (labels.ElementType)
            {
                case ElementType.Float64:
                    labels.Span<double>()[i] = number;
                    break;
                case ElementType.Float16:
                    labels.Span<Half>()[i] = (Half)number;
                    break;
                default:
                    labels.Span<float>()[i] = (float)number;
                    break;
            }
        }

        return labels;
    }

    // A small step of plain descent by r lowers the loss by r |g|^2, with |g| from the step itself. Steps from large to small are tried: some are
    // beyond the linear range, others below what single precision shows.
    private string? Derivative(PersonalModel personal, PredictionBatch batch, FeatureSet features)
    {
        double before = personal.Evaluate(features).Loss;
        Dictionary<string, Tensor> start = personal.Manifest.Parameters.ToDictionary(p => p.Tensor.Name, p => personal.GetParameter(p.Tensor.Name));
        if (!double.IsFinite(before))
            return $"the loss is {before}";
        TensorBuffer labels = LabelsFor(personal.Manifest, batch.Logits);
        double best = double.PositiveInfinity;
        string seen = "";
        for (double wanted = 1e-2; wanted > 1e-6; wanted /= 3)
        {
            double rate = 1e-6, norm = 0;
            for (int round = 0; round < 2; round++)
            {
                personal.SetParameters(start);
                personal.Predict(batch);
                personal.TrainStep(batch.Boundary.ToArray(), labels, rate);
                norm = start.Sum(p => Squares(p.Value, personal.GetParameter(p.Key))) / (rate * rate);
                if (norm == 0 && round == 0)
                    rate = 1;
                else if (round == 0)
                    rate = Math.Clamp(wanted * Math.Max(Math.Abs(before), 1e-6) / norm, 1e-12, 1e6);
            }

            if (norm == 0)
                return "no parameter moves";
            double fell = before - personal.Evaluate(features).Loss;
            double ratio = fell / (rate * norm);
            if (Math.Abs(ratio - 1) < Math.Abs(best - 1))
                (best, seen) = (ratio, $"the loss falls by {fell:G3} where the gradient says {rate * norm:G3}");
            if (Math.Abs(best - 1) < 0.1)
                break;
        }

        personal.SetParameters(start);
        personal.Predict(batch);
        return Math.Abs(best - 1) < (_isQuantized ? 0.5 : 0.2) ? null : seen;
    }

    private static double Squares(Tensor a, Tensor b)
    {
        double[] x = Numbers(a.ElementType, a.Bytes.Span), y = Numbers(b.ElementType, b.Bytes.Span);
        double sum = 0;
        for (int i = 0; i < x.Length; i++)
            sum += (x[i] - y[i]) * (x[i] - y[i]);
        return sum;
    }

    // Ten steps at the largest rate of a few that lowers the loss.
    private static double Descend(PersonalModel personal, PredictionBatch batch, FeatureSet features, double first)
    {
        Dictionary<string, Tensor> start = personal.Manifest.Parameters.ToDictionary(p => p.Tensor.Name, p => personal.GetParameter(p.Tensor.Name));
        TensorBuffer labels = LabelsFor(personal.Manifest, batch.Logits);
        double last = double.NaN;
        for (double rate = 0.1; rate > 1e-9; rate /= 10)
        {
            personal.SetParameters(start);
            try
            {
                for (int i = 0; i < Steps; i++)
                    personal.TrainStep(batch.Boundary.ToArray(), labels, rate);
            }
            catch (NonFiniteStepException)
            {
                continue;
            }

            last = personal.Evaluate(features).Loss;
            if (last < first)
                break;
        }

        return last;
    }

    private string Exported(PersonalModel personal, PredictionBatch batch, TensorBuffer[] inputs)
    {
        string path = Path.Combine(Path.GetTempPath(), $"autlearn-real-{Environment.ProcessId}.onnx");
        try
        {
            personal.Export(path);
            using var exported = new OrtModel(path, GraphOptimizationLevel.ORT_ENABLE_ALL);
            var feeds = new Dictionary<string, Tensor>();
            for (int i = 0; i < inputs.Length; i++)
                feeds[personal.Manifest.Inputs[i].Name] = new(inputs[i].ElementType, inputs[i].Dimensions, inputs[i].Bytes.ToArray());

            return Difference(personal.Manifest, batch, exported.Run(feeds)) is { } difference ? $"WRONG: after export, {difference}" : "ok";
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static Shape ShapeOf(NodeMetadata input) => new(input.Dimensions.Select((d, i) =>
        d >= 0 ? (Dimension)(long)d : input.SymbolicDimensions.ElementAtOrDefault(i) is { Length: > 0 } symbol ? (Dimension)symbol : Dimension.Unknown));

    private static bool IsBatch(Dimension dimension, int axis) =>
        axis == 0 || (dimension.Symbol is { } symbol && (symbol.Contains("batch", StringComparison.OrdinalIgnoreCase) || symbol is "N" or "B"));

    private static double[] Numbers(ElementType type, ReadOnlySpan<byte> bytes) => type switch
    {
        ElementType.Float64 => System.Runtime.InteropServices.MemoryMarshal.Cast<byte, double>(bytes).ToArray(),
        ElementType.Float16 => Array.ConvertAll(System.Runtime.InteropServices.MemoryMarshal.Cast<byte, Half>(bytes).ToArray(), v => (double)v),
        ElementType.Float32 => Array.ConvertAll(System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(bytes).ToArray(), v => (double)v),
        _ => [],
    };

    private static string FirstLine(Exception error)
    {
        string text = error.Message.ReplaceLineEndings(" ").Replace('|', '/').Trim();
        return text.Length > 900 ? text[..900] + "..." : text;
    }
}
