using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using AutLearn.Cloud.Data;

namespace AutLearn.Cloud.Pretraining;

/// <summary>Tells data apart: a file by its content, a folder by the names and sizes of its files.</summary>
internal static class DataHash
{
    public static string Of(params IEnumerable<string> paths)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string path in paths)
        {
            if (Directory.Exists(path))
            {
                foreach (FileInfo file in new DirectoryInfo(path).EnumerateFiles("*", SearchOption.AllDirectories).OrderBy(f => f.FullName, StringComparer.Ordinal))
                    hash.AppendData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Path.GetRelativePath(path, file.FullName)}\n{file.Length}\n")));
                continue;
            }

            try
            {
                using FileStream content = RegularFile.OpenRead(path);
                hash.AppendData(SHA256.HashData(content));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new DataFileException(path, $"cannot be read: {e.Message}", e);
            }
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
