namespace AutLearn.Testing.Hostile;

/// <summary>Damages bytes: flips, cuts, copies and numbers grown to their limits.</summary>
public static class ByteDamage
{
    /// <summary>Returns a damaged copy; equal seeds give equal damage.</summary>
    public static byte[] Of(ReadOnlySpan<byte> sound, int seed)
    {
        var random = new Random(seed);
        var bytes = new List<byte>(sound.ToArray());
        int rounds = 1 + random.Next(4);
        for (int i = 0; i < rounds && bytes.Count > 0; i++)
        {
            int at = random.Next(random.Next(2) == 0 ? Math.Min(bytes.Count, 64) : bytes.Count);
            int length = Math.Min(1 + random.Next(16), bytes.Count - at);
            switch (random.Next(6))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    bytes.RemoveRange(at, random.Next(4) == 0 ? bytes.Count - at : length);
                    break;
                case 3:
                    bytes.InsertRange(at, bytes.GetRange(random.Next(bytes.Count - length + 1), length));
                    break;
                case 4:
                    for (int j = at; j < at + length; j++)
                        bytes[j] = 0xFF;
                    break;
                default:
                    for (int j = at; j < at + length; j++)
                        bytes[j] = 0;
                    break;
            }
        }

        return [.. bytes];
    }
}
