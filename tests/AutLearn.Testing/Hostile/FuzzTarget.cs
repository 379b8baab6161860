namespace AutLearn.Testing.Hostile;

/// <summary>A parser to feed damaged inputs to.</summary>
/// <param name="Name">What is shown of it.</param>
/// <param name="Sound">Sound inputs.</param>
/// <param name="Parse">The parser; what it returns is disposed if it can be.</param>
/// <param name="IsDocumented">Tells which exceptions it documents.</param>
public sealed record FuzzTarget(string Name, IReadOnlyList<byte[]> Sound, Func<byte[], object?> Parse, Func<Exception, bool> IsDocumented)
{
    /// <summary>Gets the allocation that any input may cause.</summary>
    public long FreeBytes { get; init; } = 4L << 20;

    /// <summary>Gets the allocation that each byte of input may cause beyond.</summary>
    public long BytesPerByte { get; init; } = 1100;

    /// <inheritdoc/>
    public override string ToString() => Name;

    /// <summary>Runs a number of cases.</summary>
    /// <returns>How many inputs were accepted.</returns>
    /// <exception cref="FuzzFailureException">What came is not documented, has no message, or took too much memory.</exception>
    public int Run(int firstSeed, int cases)
    {
        try
        {
            return ParserFuzz.Run(Sound, Parse, e => IsDocumented(e) && e.Message.Length > 0, firstSeed, cases, FreeBytes, BytesPerByte);
        }
        catch (FuzzFailureException failure)
        {
            throw new FuzzFailureException($"{Name}: {failure.Message}", failure.InnerException);
        }
    }
}
