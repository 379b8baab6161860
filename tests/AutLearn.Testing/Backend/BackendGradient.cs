using System.Globalization;
using AutLearn.Compiler.Gradients;
using AutLearn.Compiler.Passes;
using AutLearn.Compiler.Preparation;
using AutLearn.Graph;
using AutLearn.Graph.Checking;
using AutLearn.Graph.Inference;
using AutLearn.Graph.Versions;
using AutLearn.Testing.Gradients;
using Microsoft.ML.OnnxRuntime;

namespace AutLearn.Testing.Backend;

/// <summary>The gradient of a weighted sum of a model's outputs by each of its inputs, against central differences.</summary>
/// <remarks>
/// Inputs are moved a little, off the kinks and ties that examples like to stand on. Where moving one changes what the model can do (a
/// scale, a size, a limit), it is made a constant, as all inputs of whole numbers are.
/// </remarks>
internal sealed class BackendGradient
{
    private const int Seed = 5;
    private const double Shift = 0.0137;
    private const int MostMoved = 48;

    private const string RangeIsFixed = "its range is held fixed, as in libtorch's fake quantisation";

    // Some examples are memory that nobody filled.
    private const double Largest = 1e9;

    // The lowest number of a type masks as -infinity does.
    private const double Masked = -1e37;

    private static readonly double[] Steps = [2, 0.2, 2e-2, 5e-3, 1e-3, 2e-4];
    private static readonly double[] HalfSteps = [0.5, 0.25, 0.1, 0.02];

    private readonly GradientRegistry _rules;
    private readonly OnnxModel _source;
    private readonly Dictionary<string, Tensor> _feeds;
    private readonly IReadOnlyDictionary<string, Tensor> _expected;

    public BackendGradient(GradientRegistry rules, OnnxModel source, IReadOnlyDictionary<string, Tensor> feeds, IReadOnlyDictionary<string, Tensor> expected)
    {
        _rules = rules;
        _source = source;
        _feeds = new(feeds);
        _expected = expected;
    }

    public (BackendOutcome Outcome, string Detail) Check()
    {
        string[] floats = [.. _expected.Where(o => IsFloat(o.Value) && o.Value.Count > 0).Select(o => o.Key)];
        string[] moving = [.. _feeds.Where(f => IsFloat(f.Value) && f.Value.Count > 0).Select(f => f.Key)];
        if (floats.Length == 0 || moving.Length == 0)
            return (BackendOutcome.NothingToDifferentiate, "");
        using var original = new OrtModel(_source, GraphOptimizationLevel.ORT_DISABLE_ALL);
        moving = [.. moving.Where(name => CanMove(original, name))];
        if (moving.Length == 0)
            return (BackendOutcome.NothingToDifferentiate, "its inputs are sizes or limits");
        IReadOnlyDictionary<string, Tensor> outputs = original.Run(_feeds);

        OnnxModel model = _source.Clone();
        Dictionary<string, Value> gradients;
        Value loss;
        try
        {
            try
            {
                (loss, gradients) = Differentiate(model, floats, moving, outputs);
            }
            catch (AutLearnException) when (moving.Length > 1)
            {
                // In real models the others, a region or a table, are constants.
                moving = moving[..1];
                model = _source.Clone();
                (loss, gradients) = Differentiate(model, floats, moving, outputs);
            }
        }
        catch (AutLearnException refusal)
        {
            return (BackendOutcome.Refused, refusal.Message);
        }

        ModelChecker.Check(model);
        using var ort = new OrtModel(model, GraphOptimizationLevel.ORT_DISABLE_ALL);
        IReadOnlyDictionary<string, Tensor> results = ort.Run(_feeds);
        foreach (string name in floats)
        {
            if (Farthest(Numbers(outputs[name]), Numbers(results[name])) is var distance && distance > (IsHalf(outputs[name]) ? 2e-2 : 1e-3))
                return (BackendOutcome.Wrong, string.Create(CultureInfo.InvariantCulture, $"output '{name}' differs by {distance:E1} in the differentiated model"));
        }

        return Compare(ort, loss.Name, gradients, moving, results, floats);
    }

    private (BackendOutcome, string) Compare(OrtModel ort, string loss, Dictionary<string, Value> gradients, string[] moving, IReadOnlyDictionary<string, Tensor> results, string[] floats)
    {
        bool isZero = true;
        double size = floats.Sum(o => Numbers(results[o]).Where(v => double.IsFinite(v) && v > Masked).Sum(Math.Abs));
        foreach (string name in moving)
        {
            double[] gradient = gradients.TryGetValue(name, out Value? value) ? Numbers(results[value.Name]) : new double[_feeds[name].Count];
            if (gradient.Length != _feeds[name].Count)
                return (BackendOutcome.Wrong, $"the gradient of '{name}' has shape {results[value!.Name].Type}");
            if (gradient.Any(g => !double.IsFinite(g)))
                return (BackendOutcome.Wrong, $"the gradient of '{name}' is not finite");
            isZero &= gradient.All(g => g == 0);
            double[] direction = Direction(Numbers(_feeds[name]));
            if (Disagreement(ort, loss, name, direction, gradient, size) is not { } differences)
                continue;
            string? reason = _source.Graph.Nodes.Select(n => n.Is("DynamicQuantizeLinear") ? RangeIsFixed : _rules.ZeroReason(n.Domain, n.OpType, long.MaxValue)).FirstOrDefault(r => r is not null);
            if (gradient.All(g => g == 0) && reason is not null)
                return (BackendOutcome.Zero, reason);
            return (BackendOutcome.Wrong, string.Create(CultureInfo.InvariantCulture, $"the slope by '{name}' and its differences are {differences}"));
        }

        return isZero ? (BackendOutcome.Zero, "") : (BackendOutcome.Right, "");
    }

    // Along few elements, so that a step seldom passes the kink of one of them.
    private static double[] Direction(double[] at)
    {
        var random = new Random(Seed);
        double share = Math.Min(1, MostMoved / (double)at.Length);
        double[] direction = [.. at.Select(v => random.NextDouble() < share && double.IsFinite(v) ? (random.NextDouble() * 2) - 1 : 0)];
        int one = random.Next(at.Length);
        direction[one] = double.IsFinite(at[one]) ? 1 : 0;
        return direction;
    }

    // Null where one of the steps agrees: the larger ones round less, the smaller ones bend less. What counts is how far rounding lets elements move.
    private string? Disagreement(OrtModel ort, string loss, string name, double[] direction, double[] gradient, double size)
    {
        bool isHalf = _expected.Values.Concat(_feeds.Values).Any(IsHalf);
        var found = new List<string>();
        foreach (double h in isHalf ? HalfSteps : Steps)
        {
            Tensor up = Moved(_feeds[name], (v, i) => v + (h * direction[i])), down = Moved(_feeds[name], (v, i) => v - (h * direction[i]));
            double slope = Numbers(up).Zip(Numbers(down), (a, b) => double.IsFinite(a) ? (a - b) / (2 * h) : 0).Zip(gradient, (d, g) => d * g).Sum();
            double difference = (LossAt(up) - LossAt(down)) / (2 * h);
            double noise = (isHalf ? 2e-3 : 4e-6) * size / h / Math.Sqrt(Math.Max(1, _expected.Values.Max(t => t.Count)));
            if (Math.Abs(difference - slope) <= ((isHalf ? 0.1 : 0.01) * Math.Max(Math.Abs(slope), Math.Abs(difference))) + Math.Min(noise, 0.05 * (Math.Abs(slope) + 0.1)) + 1e-4)
                return null;
            found.Add(string.Create(CultureInfo.InvariantCulture, $"{slope:G6} and {difference:G6}"));
        }

        return string.Join(", ", found);

        double LossAt(Tensor moved)
        {
            try
            {
                return Numbers(ort.Run(new Dictionary<string, Tensor>(_feeds) { [name] = moved })[loss])[0];
            }
            catch (OnnxRuntimeException)
            {
                // A scale or limit that a larger step moves too far.
                return double.NaN;
            }
        }
    }

    private (Value Loss, Dictionary<string, Value> Gradients) Differentiate(OnnxModel model, string[] floats, string[] moving, IReadOnlyDictionary<string, Tensor> outputs)
    {
        OnnxGraph graph = model.Graph;
        foreach (Value input in graph.Inputs.ToArray())
        {
            if (!_feeds.TryGetValue(input.Name, out Tensor? tensor))
                continue;
            if (moving.Contains(input.Name))
            {
                input.Type = tensor.Type;
                continue;
            }

            graph.SetInitializer(input, tensor);
            graph.MakeConstant(input);
        }

        foreach (Value output in graph.Outputs)
            output.Type = outputs[output.Name].Type;
        graph.SortTopologically();
        OpsetUpgrade.Apply(model);
        new FunctionInlining().Run(model);
        new ConstantNodeLifting().Run(model);
        ShapeInference.Infer(model);
        new PassSequence(new ConstantFolding(), new SequenceElimination(), new BranchSelection(), new DeadNodeElimination()).Run(model);
        ShapeInference.Infer(model);
        var forward = new ForwardGraph(model);
        Value loss = GradientModel.AddLoss(forward, [.. floats.Select(o => Defined(forward, graph.Find(o)!, outputs[o]))], ElementType.Float64);
        string lossName = loss.Name;
        graph.AddOutput(loss);
        Value[] targets = [.. moving.Select(m => graph.Find(m)!)];
        IReadOnlyDictionary<Value, Value> found = new ReverseDifferentiation(_rules).Differentiate(model, loss, targets);
        var gradients = new Dictionary<string, Value>();
        foreach (Value target in targets)
        {
            if (!found.TryGetValue(target, out Value? gradient))
                continue;
            Value shown = forward.Op("Identity", [gradient]);
            graph.AddOutput(shown);
            gradients[target.Name] = shown;
        }

        graph.SortTopologically();
        return (graph.Find(lossName)!, gradients);
    }

    // What is masked, infinite or no number counts for nothing.
    private static Value Defined(ForwardGraph forward, Value y, Tensor value)
    {
        if (Array.TrueForAll(Numbers(value), v => double.IsFinite(v) && v > Masked))
            return y;
        Value wide = forward.Op("Cast", [y], ("to", AttributeValue.Of((long)ElementType.Float32)));
        Value isMasked = forward.Op("Less", [wide, forward.Constant(Tensor.Scalar((float)Masked))]);
        Value isUndefined = forward.Op("Or", [isMasked, forward.Op("Or", [forward.Op("IsNaN", [wide]), forward.Op("IsInf", [wide])])]);
        return forward.Op("Where", [isUndefined, forward.Constant(Tensor.Scalar(0f)), wide]);
    }

    private bool CanMove(OrtModel ort, string name)
    {
        Tensor still = _feeds[name];
        try
        {
            _feeds[name] = Moved(still, (v, i) => (double.IsFinite(v) && Math.Abs(v) > Largest ? 1 : v) + (Shift * (0.5 + ((i * 7919 % 13) / 13d))));
            IReadOnlyDictionary<string, Tensor> outputs = ort.Run(_feeds);
            if (outputs.All(o => o.Value.Dimensions.AsSpan().SequenceEqual(_expected[o.Key].Dimensions.AsSpan()) && CountUndefined(o.Value) == CountUndefined(_expected[o.Key])))
                return true;
        }
        catch (OnnxRuntimeException)
        {
            // A size that no longer fits.
        }

        _feeds[name] = still;
        return false;
    }

    private static int CountUndefined(Tensor tensor) => IsFloat(tensor) ? Numbers(tensor).Count(v => !double.IsFinite(v)) : 0;

    private static bool IsFloat(Tensor tensor) => tensor.ElementType is ElementType.Float32 or ElementType.Float64 || IsHalf(tensor);

    private static bool IsHalf(Tensor tensor) => tensor.ElementType is ElementType.Float16 or ElementType.BFloat16;

    public static double Farthest(double[] a, double[] b)
    {
        double scale = Math.Max(1, a.Where(double.IsFinite).Select(Math.Abs).DefaultIfEmpty(0).Max());
        return a.Zip(b, (x, y) => x.Equals(y) || (double.IsNaN(x) && double.IsNaN(y)) || (x < Masked && y < Masked) ? 0 : double.IsFinite(x - y) ? Math.Abs(x - y) / scale : double.PositiveInfinity).DefaultIfEmpty(0).Max();
    }

    public static double[] Numbers(Tensor tensor) => tensor.ElementType switch
    {
        ElementType.Bool => Array.ConvertAll(tensor.Bytes.ToArray(), v => (double)v),
        ElementType.Int64 => Array.ConvertAll(tensor.Span<long>().ToArray(), v => (double)v),
        ElementType.Float16 => Array.ConvertAll(tensor.Span<Half>().ToArray(), v => (double)v),
        ElementType.BFloat16 => Array.ConvertAll(Words(tensor), v => (double)BitConverter.UInt32BitsToSingle((uint)v << 16)),
        _ => CaseData.ToDoubles(tensor),
    };

    private static ushort[] Words(Tensor tensor) => System.Runtime.InteropServices.MemoryMarshal.Cast<byte, ushort>(tensor.Bytes.Span).ToArray();

    private static Tensor Moved(Tensor tensor, Func<double, int, double> move)
    {
        double[] values = [.. Numbers(tensor).Select(move)];
        return tensor.ElementType switch
        {
            ElementType.Float16 => Tensor.Of<Half>(tensor.Dimensions.AsSpan(), Array.ConvertAll(values, v => (Half)v)),
            ElementType.BFloat16 => new Tensor(ElementType.BFloat16, tensor.Dimensions.AsSpan(), System.Runtime.InteropServices.MemoryMarshal.AsBytes<ushort>(Array.ConvertAll(values, v => (ushort)((BitConverter.SingleToUInt32Bits((float)v) + 0x8000) >> 16))).ToArray()),
            _ => CaseData.FromDoubles(tensor.ElementType, tensor.Dimensions.AsSpan(), values),
        };
    }
}
