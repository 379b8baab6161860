namespace AutLearn.Samples.Gallery;

/// <summary>What a photo's file holds at one moment.</summary>
/// <param name="Bytes">The whole file.</param>
/// <param name="Hash">Its SHA-256 in hexadecimal: answers are to what is seen, whatever the file is called.</param>
internal sealed record PhotoContent(byte[] Bytes, string Hash);
