namespace AutLearn.Runtime.Training;

/// <summary>The steps of a training that the model refused.</summary>
/// <param name="Steps">All of them.</param>
/// <param name="InARow">Those since a step was last applied.</param>
/// <param name="Rows">The rows that were left out for it.</param>
internal readonly record struct RefusalCount(long Steps, int InARow, long Rows = 0)
{
    /// <summary>The refused steps in a row after which the fault seems not to lie with their batches.</summary>
    public const int Limit = 8;

    public bool IsOver => InARow >= Limit;

    public RefusalCount Reset() => this with { InARow = 0 };

    /// <summary>Counts what an applied step left out.</summary>
    public RefusalCount Applied(StepResult result) => new(Steps + (result.IsSecondTry ? 1 : 0), 0, Rows + result.RefusedRows);

    public RefusalCount Refused(int rows) => new(Steps + 1, InARow + 1, Rows + rows);

    /// <summary>Counts a refused step.</summary>
    /// <exception cref="NonFiniteStepException">It is one too many in a row.</exception>
    public RefusalCount Refused(NonFiniteStepException error, int epoch, int batch, int rows)
    {
        RefusalCount next = Refused(rows);
        return next.IsOver ? throw next.GiveUp(error, epoch, batch) : next;
    }

    /// <summary>Gets the error that ends a training.</summary>
    public NonFiniteStepException GiveUp(NonFiniteStepException last, int epoch, int batch) =>
        new($"Training ends in epoch {epoch}: its last {InARow} step{(InARow == 1 ? " was" : "s were")} refused; those before stay applied. Batch {batch}: {last.Message}", last)
        {
            File = last.File,
            Loss = last.Loss,
            ParameterVersion = last.ParameterVersion,
        };
}
