namespace AutLearn.Testing.Hostile;

/// <summary>Feeds damaged inputs to a parser: it answers with what it documents, and with no more memory than the input explains.</summary>
public static class ParserFuzz
{
    /// <summary>Runs a number of cases.</summary>
    /// <param name="sound">Sound inputs.</param>
    /// <param name="parse">The parser; what it returns is disposed if it can be.</param>
    /// <param name="isDocumented">Tells which exceptions it documents.</param>
    /// <param name="firstSeed">The seed of the first case.</param>
    /// <param name="cases">The number of cases.</param>
    /// <param name="freeBytes">The allocation that any input may cause.</param>
    /// <param name="bytesPerByte">The allocation that each byte of input may cause beyond.</param>
    /// <returns>How many inputs were accepted.</returns>
    /// <exception cref="FuzzFailureException">Another exception came, or too much memory was allocated.</exception>
    public static int Run(IReadOnlyList<byte[]> sound, Func<byte[], object?> parse, Func<Exception, bool> isDocumented, int firstSeed, int cases, long freeBytes = 4L << 20, long bytesPerByte = 64)
    {
        int accepted = 0;
        for (int seed = firstSeed; seed < firstSeed + cases; seed++)
        {
            byte[] bytes = ByteDamage.Of(sound[seed % sound.Count], seed);
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                (parse(bytes) as IDisposable)?.Dispose();
                accepted++;
            }
            catch (Exception error) when (isDocumented(error))
            {
                // The right answer to most of them.
            }
            catch (Exception error)
            {
                throw new FuzzFailureException($"Seed {seed}: {error.GetType().Name}: {error.Message}", error);
            }

            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            if (allocated > freeBytes + (bytesPerByte * bytes.Length))
                throw new FuzzFailureException($"Seed {seed}: {allocated} bytes for an input of {bytes.Length}.", null);
        }

        return accepted;
    }
}
