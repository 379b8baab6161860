namespace AutLearn.Compiler.Losses;

/// <summary>One of several losses that a model learns at once.</summary>
public sealed class TaskLoss
{
    /// <summary>Creates a task.</summary>
    /// <param name="output">The output that the loss reads. For losses of unnormalised scores, what feeds the output's final Softmax, LogSoftmax or Sigmoid is read instead of it.</param>
    /// <param name="loss">The loss, no <see cref="MultiTaskLoss"/> itself.</param>
    /// <param name="weight">What the loss is multiplied by in the sum: finite and above 0.</param>
    /// <exception cref="ArgumentException">The name is empty, or the loss has tasks of its own.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The weight is out of range.</exception>
    public TaskLoss(string output, Loss loss, double weight = 1)
    {
        ArgumentException.ThrowIfNullOrEmpty(output);
        ArgumentNullException.ThrowIfNull(loss);
        if (loss is MultiTaskLoss)
            throw new ArgumentException("A task has one loss. List all tasks side by side.", nameof(loss));
        if (weight is not (> 0 and <= float.MaxValue))
            throw new ArgumentOutOfRangeException(nameof(weight), weight, "The weight of a task is finite and above 0.");
        (Output, Loss, Weight) = (output, loss, weight);
    }

    /// <summary>Gets the output that the loss reads.</summary>
    public string Output { get; }

    /// <summary>Gets the loss.</summary>
    public Loss Loss { get; }

    /// <summary>Gets what the loss is multiplied by in the sum.</summary>
    public double Weight { get; }
}
