using System.Collections.Immutable;

namespace AutLearn.Graph.Artifacts;

/// <summary>Checks that a manifest agrees with itself, so that readers may rely on every name and shape in it.</summary>
internal sealed class ManifestCheck(ArtifactManifest manifest, string file)
{
    private const int LargestRank = 16;

    // AdamW with accumulation has three of a parameter.
    private const int MostSlots = 8;

    private static readonly string[] RequiredFiles = [ArtifactNames.Inference, ArtifactNames.TrainStep, ArtifactNames.Evaluation, ArtifactNames.Parameters];
    private const string MultiTask = "multi_task";

    private static readonly string[] LossKinds = ["softmax_cross_entropy", "binary_cross_entropy_with_logits", "mean_squared", "l1", "huber"];
    private static readonly string[] OptimizerKinds = ["sgd", "adam", "adamw", "adagrad", "rmsprop"];
    private static readonly string[] MetricKinds = ["correct_rows", "correct_count", "label_count", "gradient_norm"];

    /// <summary>Checks everything.</summary>
    /// <exception cref="InvalidArtifactException">The manifest is of another version or contradicts itself.</exception>
    public void Run()
    {
        if (manifest.FormatVersion != ArtifactManifest.CurrentFormatVersion)
        {
            throw Wrong(manifest.FormatVersion > ArtifactManifest.CurrentFormatVersion
                ? $"its format version {manifest.FormatVersion} is newer than {ArtifactManifest.CurrentFormatVersion}; update AutLearn"
                : $"its format version {manifest.FormatVersion} is no longer read; compile the model again");
        }

        Text(manifest.Producer, "producer");
        Text(manifest.ModelName, "model_name");
        Text(manifest.BatchSymbol, "batch_symbol");
        Hash(manifest.BaseModelSha256, "base_model_sha256");
        Hash(manifest.BackboneSha256, "backbone_sha256");
        if (manifest.Opset < 1)
            throw Wrong("the opset is below 1");
        CheckFiles();
        CheckTensors();
        CheckStates();
        CheckNames();
        CheckTraining();
        Elements(manifest.Classes, "classes");
        if (manifest.Preprocessing?.Problem() is { } problem)
            throw Wrong($"the preprocessing is out of range: {problem}");
        CheckText();
        CheckTable();
    }

    // One input of a number a column, and a label a column or a class.
    private void CheckTable()
    {
        if (manifest.Table is not { } table)
            return;
        if (table.Problem() is { } problem)
            throw Wrong($"the table cannot be used: {problem}");
        bool isRead = manifest.Inputs is [{ ElementType: ElementType.Float32 } input] && input.ToShape() is { Rank: 2 } row && row[1].Is(table.Features.Length);
        Shape labels = manifest.Labels.ToShape();
        bool isTold = labels.Rank == 1 ? table.Targets.Length == 1 : labels.Rank == 2 && labels[1].Is(table.Targets.Length);
        if (!isRead || !isTold)
            throw Wrong("the columns of its table are not those of input and labels");
    }

    private void CheckText()
    {
        if (manifest.Text is not { } text)
            return;
        if (text.Problem() is { } problem)
            throw Wrong($"the text cannot be used: {problem}");
        if (text.Files.FirstOrDefault(f => !manifest.Files.Any(m => m.Path == f)) is { } missing)
            throw Wrong($"the tokenizer's file '{missing}' is not listed");
        foreach (string name in new[] { text.Tokens, text.Mask, text.Segments }.OfType<string>())
        {
            if (manifest.Inputs.FirstOrDefault(i => i.Name == name) is not { } input || input.Shape.Length != 2
                || input.ElementType is not (ElementType.Int64 or ElementType.Int32) && (name != text.Mask || input.ElementType is not (ElementType.Float32 or ElementType.Bool)))
                throw Wrong($"the text's input '{name}' is not listed as one of whole numbers [N, T]");
        }
    }

    private void CheckFiles()
    {
        var paths = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (ArtifactFile entry in Elements(manifest.Files, "files"))
        {
            if (!ArtifactPaths.IsValid(entry.Path) || entry.Path.Equals(ArtifactNames.Manifest, StringComparison.OrdinalIgnoreCase) || !paths.Add(entry.Path))
                throw Wrong($"the file path '{entry.Path}' is repeated or no portable relative path");
            if (entry.SizeInBytes < 0)
                throw Wrong($"the size of '{entry.Path}' is negative");
            Hash(entry.Sha256, $"hash of '{entry.Path}'");
        }

        foreach (string required in RequiredFiles)
        {
            if (!manifest.Files.Any(f => f.Path == required))
                throw Wrong($"it lists no '{required}'");
        }
    }

    private void CheckTensors()
    {
        if (Elements(manifest.Inputs, "inputs").IsEmpty)
            throw Wrong("it lists no input");
        if (Elements(manifest.Boundary, "boundary").IsEmpty)
            throw Wrong("it lists no boundary tensor");
        if (Elements(manifest.Parameters, "parameters").IsEmpty)
            throw Wrong("it lists no parameter");
        foreach (TensorSpec spec in manifest.Boundary.Select(b => b.Tensor).Append(manifest.Logits))
            Batched(spec);
        foreach (TensorSpec spec in manifest.Inputs.Concat(Elements(manifest.Predictions, "predictions")))
            Tensor(spec);
        if (manifest.Inputs.All(i => i.ToShape() is not { Rank: > 0 } shape || shape[0].Symbol != manifest.BatchSymbol))
            throw Wrong($"no input has the batch '{manifest.BatchSymbol}' as its first dimension");
        Tensor(manifest.Labels);
        var inputs = manifest.Inputs.Select(i => i.Name).ToHashSet(StringComparer.Ordinal);
        foreach (BoundarySpec boundary in manifest.Boundary)
        {
            if (boundary.InferenceOutput is null == boundary.UserInput is null)
                throw Wrong($"boundary tensor '{boundary.Tensor.Name}' needs either an inference output or a user input");
            if (boundary.UserInput is not null && !inputs.Contains(boundary.UserInput))
                throw Wrong($"boundary tensor '{boundary.Tensor.Name}' is the user input '{boundary.UserInput}', which is not listed");
        }

        long stored = manifest.Files.First(f => f.Path == ArtifactNames.Parameters).SizeInBytes;
        foreach (ParameterSpec parameter in manifest.Parameters)
        {
            stored -= Static(parameter.Tensor);
            if (stored < 0)
                throw Wrong($"its parameters take more bytes than '{ArtifactNames.Parameters}' has");
            Text(parameter.UpdatedOutput, $"updated output of '{parameter.Tensor.Name}'");
            if (!Enum.IsDefined(parameter.Role))
                throw Wrong($"the role of parameter '{parameter.Tensor.Name}' is unknown");
        }

        HashSet<string> parameters = manifest.Parameters.Select(p => p.Tensor.Name).ToHashSet(StringComparer.Ordinal);
        foreach (GradientFactorsSpec factors in Elements(manifest.GradientFactors, "gradient_factors"))
        {
            Tensor(factors.Left);
            Tensor(factors.Right);
            if (!parameters.Contains(factors.Parameter))
                throw Wrong($"the gradient factors of '{factors.Parameter}' belong to no parameter");
        }

        CheckGradients();
        foreach (AdapterSpec adapter in Elements(manifest.Adapters, "adapters"))
        {
            Text(adapter.Sum, "sum of an adapter");
            if (!parameters.Contains(adapter.Down) || !parameters.Contains(adapter.Up) || !double.IsFinite(adapter.Scale))
                throw Wrong($"the adapter at '{adapter.Sum}' has no parameters, or its scale is not finite");
        }

        foreach (MetricSpec metric in Elements(manifest.Metrics, "metrics"))
        {
            Tensor(metric.Tensor);
            if (!MetricKinds.Contains(metric.Kind))
                throw Wrong($"the metric '{metric.Tensor.Name}' is of the unknown kind '{metric.Kind}'");
        }
    }

    private void CheckGradients()
    {
        Dictionary<string, ParameterSpec> trainable = manifest.Parameters.Where(p => p.Role == ParameterRole.Trainable).DistinctBy(p => p.Tensor.Name).ToDictionary(p => p.Tensor.Name, StringComparer.Ordinal);
        foreach (GradientSpec gradient in Elements(manifest.Gradients, "gradients"))
        {
            if (!trainable.TryGetValue(gradient.Parameter, out ParameterSpec? parameter))
                throw Wrong($"the gradient of '{gradient.Parameter}' belongs to no trainable parameter");
            if (parameter.Tensor.ElementType is not (ElementType.Float32 or ElementType.Float16))
                throw Wrong($"the gradient of '{gradient.Parameter}' stands apart, but the parameter holds {parameter.Tensor.ElementType}");
            if (gradient.Gradient.ElementType != ElementType.Float32 && gradient.Gradient.ElementType != parameter.Tensor.ElementType)
                throw Wrong($"the gradient of '{gradient.Parameter}' holds {gradient.Gradient.ElementType}");
            Shape shape = Tensor(gradient.Gradient), whole = parameter.Tensor.ToShape();
            bool fits = gradient.Rows is null
                ? shape.Equals(whole)
                : whole.Rank > 0 && gradient.Rows.ElementType is ElementType.Int64 or ElementType.Int32 && shape.SequenceEqual(Tensor(gradient.Rows).Concat(whole.Skip(1)));
            if (!fits)
                throw Wrong($"the gradient of '{gradient.Parameter}' does not fit the parameter's shape");
        }

        if (manifest.Gradients.IsEmpty)
            return;
        if (!manifest.Files.Any(f => f.Path == ArtifactNames.Gradients))
            throw Wrong($"it describes gradients but lists no '{ArtifactNames.Gradients}'");
        if (manifest.Optimizer is not { Kind: "sgd", Momentum: 0, ClipNorm: null, AccumulationSteps: null } && trainable.Keys.FirstOrDefault(p => manifest.Gradients.All(g => g.Parameter != p)) is { } missing)
            throw Wrong($"it describes gradients, but none of '{missing}'");
        if (manifest.LabelWeight is null != (manifest.Optimizer.AccumulationSteps is null))
            throw Wrong("its gradients carry the weight of their labels exactly where the optimizer accumulates steps");
        if (manifest.Optimizer is { LazyRows: false } and not { Kind: "sgd", Momentum: 0, WeightDecay: 0 } && manifest.Gradients.Any(g => g.Rows is not null))
            throw Wrong("it has gradients of rows, but its optimizer changes all rows");
        if (manifest.LabelWeight is not null && manifest.Gradients.Any(g => g.Rows is not null))
            throw Wrong("its gradients of rows cannot be accumulated");
        if (manifest.LabelWeight is { } weight && (Tensor(weight).Rank != 0 || weight.ElementType is not (ElementType.Float32 or ElementType.Float16)))
            throw Wrong("the weight of the labels is not one number");
    }

    // Whoever opens the package makes room for every state. Each follows a parameter or is one number, so that
    // together they take no more than a few times the parameters, which the package holds.
    private void CheckStates()
    {
        var parameters = new Dictionary<string, Shape>(StringComparer.Ordinal);
        foreach (ParameterSpec parameter in manifest.Parameters)
            parameters.TryAdd(parameter.Tensor.Name, parameter.Tensor.ToShape());
        var slots = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (StateSpec state in Elements(manifest.OptimizerState, "optimizer_state"))
        {
            Static(state.Tensor);
            Text(state.UpdatedOutput, $"updated output of '{state.Tensor.Name}'");
            Text(state.Slot, $"slot of '{state.Tensor.Name}'");
            if (state.InitialValue is not (>= 0 and <= float.MaxValue))
                throw Wrong($"the initial value of '{state.Tensor.Name}' is not finite or below 0");
            Shape? shape = null;
            if (state.Parameter is not null && !parameters.TryGetValue(state.Parameter, out shape))
                throw Wrong($"the state '{state.Tensor.Name}' belongs to '{state.Parameter}', which is no parameter");
            if (!state.Tensor.ToShape().Equals(shape) && state.Tensor.ToShape().ElementCount() != 1)
                throw Wrong($"the state '{state.Tensor.Name}' is neither one number nor of the shape of {(state.Parameter is null ? "a parameter it belongs to" : $"'{state.Parameter}'")}");
            string owner = state.Parameter ?? "";
            slots[owner] = slots.GetValueOrDefault(owner) + 1;
            if (slots[owner] > MostSlots)
                throw Wrong($"it lists more than {MostSlots} states {(state.Parameter is null ? "that belong to no parameter" : $"of '{state.Parameter}'")}");
        }
    }

    private void CheckNames()
    {
        string[] parameters = [.. manifest.Parameters.Select(p => p.Tensor.Name)];
        Distinct("inputs of the inference model", manifest.Inputs.Select(i => i.Name).Concat(parameters));
        Distinct("predictions", manifest.Predictions.Select(p => p.Name));
        Distinct("inference outputs of the boundary", manifest.Boundary.Select(b => b.InferenceOutput).OfType<string>());
        IEnumerable<string> stepInputs = manifest.Boundary.Select(b => b.Tensor.Name)
            .Append(manifest.Labels.Name).Append(manifest.LearningRateInput).Append(manifest.Logits.Name)
            .Concat(parameters).Concat(manifest.OptimizerState.Select(s => s.Tensor.Name));
        Distinct("inputs of the step models", stepInputs.Concat(((string?[])[manifest.SeedInput, manifest.UpdateNowInput]).OfType<string>()));
        Distinct("outputs of the step models", manifest.Parameters.Select(p => p.UpdatedOutput)
            .Concat(manifest.OptimizerState.Select(s => s.UpdatedOutput)).Append(manifest.LossOutput).Concat(manifest.Metrics.Select(m => m.Tensor.Name)));
        Distinct("parameters with gradient factors", manifest.GradientFactors.Select(f => f.Parameter));
        Distinct("dense gradients", manifest.Gradients.Where(g => g.Rows is null).Select(g => g.Parameter).Concat(manifest.Gradients.Where(g => g.Rows is not null).Select(g => g.Parameter).Distinct()));
        Distinct("outputs of the gradient models", manifest.Gradients.SelectMany(g => (TensorSpec?[])[g.Gradient, g.Rows]).Append(manifest.LabelWeight).OfType<TensorSpec>().Select(t => t.Name)
            .Append(manifest.LossOutput).Concat(manifest.Metrics.Select(m => m.Tensor.Name)));
        Distinct("metric kinds", manifest.Metrics.Select(m => m.Kind));
    }

    private void CheckTraining()
    {
        if (manifest.Loss.Kind == MultiTask)
            CheckTasks(manifest.Loss);
        else
            CheckLoss(manifest.Loss);
        if (!OptimizerKinds.Contains(manifest.Optimizer.Kind))
            throw Wrong($"the optimizer '{manifest.Optimizer.Kind}' is unknown");
        if (!Enum.IsDefined(manifest.Optimizer.Form) || (manifest.Optimizer is { Kind: not "adamw", Form: not AdamWForm.Torch } or { Kind: not "adamw", SkipsBiasCorrection: true }))
            throw Wrong($"the optimizer '{manifest.Optimizer.Kind}' has no such form");
        if (manifest.Optimizer.AccumulationSteps < 2)
            throw Wrong($"the optimizer accumulates {manifest.Optimizer.AccumulationSteps} steps, where only 2 and more make sense");
        if (manifest.UpdateNowInput is not null && manifest.Optimizer.AccumulationSteps is null)
            throw Wrong("it has an input to update now, but its optimizer accumulates no steps");
        TrainingDefaults defaults = manifest.Defaults;
        if (defaults.LearningRate is not (> 0 and <= 1) || defaults.BatchSize < 1 || defaults.Epochs < 1)
            throw Wrong("the training defaults are out of range");
    }

    private void CheckLoss(LossSpec loss)
    {
        if (!LossKinds.Contains(loss.Kind))
            throw Wrong($"the loss '{loss.Kind}' is unknown");
        if (loss.LabelSmoothing is not (>= 0 and < 1) || (!loss.ClassWeights.IsDefault && loss.ClassWeights.Any(w => !float.IsFinite(w) || w < 0)))
            throw Wrong("the loss's settings are out of range");
    }

    // The tasks' labels lie one after the other and fill the labels.
    private void CheckTasks(LossSpec loss)
    {
        long next = 0;
        foreach (TaskSpec task in loss.Tasks.IsDefault ? [] : loss.Tasks)
        {
            CheckLoss(task.Loss);
            if (task.FirstLabel != next || task.LabelCount < 1 || task.Classes < 1 || task.Weight is not (> 0 and <= float.MaxValue))
                throw Wrong($"the task of output '{task.Output}' has impossible labels or weight");
            next += task.LabelCount;
        }

        Shape labels = manifest.Labels.ToShape();
        if (next == 0 || manifest.Labels.ElementType != ElementType.Float32 || labels.Rank != 2 || !labels[1].Is(next))
            throw Wrong("the tasks' labels are not the labels that the models take");
    }

    private Shape Tensor(TensorSpec spec)
    {
        Text(spec.Name, "name of a tensor");
        if (!Enum.IsDefined(spec.ElementType) || spec.ElementType.SizeInBits() == 0)
            throw Wrong($"tensor '{spec.Name}' has no usable element type");
        Elements(spec.Shape, $"shape of '{spec.Name}'");
        if (spec.Shape.Length > LargestRank)
            throw Wrong($"tensor '{spec.Name}' has {spec.Shape.Length} dimensions, more than {LargestRank}");
        try
        {
            Shape shape = spec.ToShape();
            return shape.IsPlausible ? shape : throw Wrong($"tensor '{spec.Name}' has the shape {shape}, which is too large");
        }
        catch (InvalidArtifactException error)
        {
            throw new InvalidArtifactException($"The manifest {file} cannot be used: {error.Message}", error) { File = file };
        }
    }

    private void Batched(TensorSpec spec)
    {
        Shape shape = Tensor(spec);
        if (shape.Rank == 0 || shape[0].Symbol != manifest.BatchSymbol)
            throw Wrong($"the first dimension of tensor '{spec.Name}' is not '{manifest.BatchSymbol}'");
    }

    // Returns the bytes.
    private long Static(TensorSpec spec)
    {
        Shape shape = Tensor(spec);
        if (!shape.IsStatic || !shape.IsPlausible || spec.ElementType.SizeInBytes(shape.ElementCount()!.Value) is var bytes && bytes > Array.MaxLength)
            throw Wrong($"the shape of '{spec.Name}' is not made of numbers, or too large");
        return bytes;
    }

    private void Distinct(string what, IEnumerable<string> names)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (string name in names)
        {
            Text(name, $"name among the {what}");
            if (!seen.Add(name))
                throw Wrong($"'{name}' stands twice among the {what}");
        }
    }

    private ImmutableArray<T> Elements<T>(ImmutableArray<T> array, string what)
        where T : class
    {
        if (array.IsDefault || array.Any(e => e is null))
            throw Wrong($"'{what}' is missing or holds null");
        return array;
    }

    private void Hash(string text, string what)
    {
        if (text.Length != 64 || !text.All(char.IsAsciiHexDigitLower))
            throw Wrong($"the {what} is not made of 64 lower-case hexadecimal digits");
    }

    private void Text(string? text, string what)
    {
        if (string.IsNullOrEmpty(text))
            throw Wrong($"the {what} is empty");
    }

    private InvalidArtifactException Wrong(string what) =>
        new($"The manifest {file} cannot be used: {what}.") { File = file };
}
