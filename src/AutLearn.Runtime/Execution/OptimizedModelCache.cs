using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using System.Security.Cryptography;
using System.Text;
using AutLearn.Cache.Disk;
using AutLearn.Runtime.Diagnostics;
using Microsoft.Extensions.Logging;
using Microsoft.ML.OnnxRuntime;

namespace AutLearn.Runtime.Execution;

/// <summary>Keeps optimised models on disk, one file each: the SHA-256 of the rest, then the model in ORT format.</summary>
/// <remarks>
/// The name is a hash of all that the optimiser depends on: the model, the version of ONNX Runtime, the level and the processor. A file
/// that does not match its own hash is built again.
/// </remarks>
internal sealed class OptimizedModelCache(string folder, GraphOptimization optimization, ILogger logger)
{
    private const string Extension = ".optimized";

    /// <summary>Loads an optimised model, or returns null where there is none that can be used.</summary>
    public InferenceSession? TryLoad(string file, string modelHash, Func<SessionOptions> createOptions)
    {
        string path = PathOf(modelHash);
        if (!File.Exists(path))
            return null;
        try
        {
            foreach (string kept in Directory.EnumerateFiles(folder, "*" + Extension))
                PrivateFiles.Protect(kept);
            byte[] bytes = RegularFile.ReadAllBytes(path);
            if (bytes.Length > SHA256.HashSizeInBytes
                && SHA256.HashData(bytes.AsSpan(SHA256.HashSizeInBytes)).AsSpan().SequenceEqual(bytes.AsSpan(0, SHA256.HashSizeInBytes)))
            {
                using SessionOptions options = createOptions();
                return new InferenceSession(bytes[SHA256.HashSizeInBytes..], options);
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or OnnxRuntimeException)
        {
            Log.OptimizedCopyNotKept(logger, file, error);
            return null;
        }

        Log.OptimizedCopyDamaged(logger, file);
        return null;
    }

    /// <summary>Loads a model and keeps what the optimiser made of it. Where the disk refuses, the model still loads.</summary>
    public InferenceSession LoadAndKeep(string file, string modelHash, byte[] model, SessionOptions options)
    {
        string temporary = Path.Combine(folder, $"{Guid.NewGuid():N}.ort");
        try
        {
            PrivateFiles.CreateFolder(folder);
            // Fails here, before the model is loaded, where the folder cannot be written.
            PrivateFiles.Open(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None).Dispose();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Log.OptimizedCopyNotKept(logger, file, error);
            return new InferenceSession(model, options);
        }

        try
        {
            options.OptimizedModelFilePath = temporary;
            var session = new InferenceSession(model, options);
            Keep(file, temporary, PathOf(modelHash));
            return session;
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    private void Keep(string file, string written, string path)
    {
        string temporary = written + ".tmp";
        try
        {
            byte[] bytes = File.ReadAllBytes(written);
            using (var stream = PrivateFiles.Open(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None))
            {
                stream.Write(SHA256.HashData(bytes));
                stream.Write(bytes);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            File.Delete(temporary);
            Log.OptimizedCopyNotKept(logger, file, error);
        }
    }

    private string PathOf(string modelHash)
    {
        string processor = $"{RuntimeInformation.ProcessArchitecture}/{Avx.IsSupported}/{Avx2.IsSupported}/{Avx512F.IsSupported}/{AvxVnni.IsSupported}/{Dp.IsSupported}";
        string key = $"{modelHash}/{QuietEnvironment.Instance.GetVersionString()}/{optimization}/{RuntimeInformation.OSDescription}/{processor}";
        return Path.Combine(folder, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key))) + Extension);
    }
}
