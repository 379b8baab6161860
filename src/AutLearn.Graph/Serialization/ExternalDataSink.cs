using System.Globalization;
using System.Security.Cryptography;
using AutLearn.Graph.Serialization.Schema;

namespace AutLearn.Graph.Serialization;

/// <summary>Collects the tensors that go to one external file.</summary>
internal sealed class ExternalDataSink
{
    // A page, so that readers can map tensors into memory.
    private const long Alignment = 4096;

    private readonly long _threshold;
    private readonly string _fileName;
    private readonly List<(Tensor Tensor, long Offset, TensorProto Proto)> _entries = [];
    private long _end;

    public ExternalDataSink(long thresholdInBytes, string fileName)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(thresholdInBytes);
        if (fileName.Length == 0 || fileName != Path.GetFileName(fileName) || fileName is "." or "..")
            throw new ArgumentException($"'{fileName}' is no plain file name.", nameof(fileName));
        _threshold = thresholdInBytes;
        _fileName = fileName;
    }

    /// <summary>Takes a tensor if it is large enough.</summary>
    public bool TryAdd(Tensor tensor, TensorProto proto)
    {
        if (tensor.Bytes.Length < _threshold)
            return false;
        long offset = (_end + Alignment - 1) / Alignment * Alignment;
        _entries.Add((tensor, offset, proto));
        _end = offset + tensor.Bytes.Length;
        return true;
    }

    /// <summary>Writes the file and fills in where each tensor lies.</summary>
    public void WriteTo(string folder)
    {
        if (_entries.Count == 0)
            return;
        string checksum = "";
        AtomicFile.Write(Path.Combine(folder, _fileName), stream =>
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
            byte[] padding = new byte[Alignment];
            long position = 0;
            foreach ((Tensor tensor, long offset, _) in _entries)
            {
                ReadOnlySpan<byte> gap = padding.AsSpan(0, (int)(offset - position));
                hash.AppendData(gap);
                stream.Write(gap);
                hash.AppendData(tensor.Bytes.Span);
                stream.Write(tensor.Bytes.Span);
                position = offset + tensor.Bytes.Length;
            }

            checksum = Convert.ToHexStringLower(hash.GetHashAndReset());
        });
        foreach ((Tensor tensor, long offset, TensorProto proto) in _entries)
        {
            proto.DataLocation = 1;
            proto.ExternalData.Add(new StringStringEntryProto { Key = "location", Value = _fileName });
            proto.ExternalData.Add(new StringStringEntryProto { Key = "offset", Value = offset.ToString(CultureInfo.InvariantCulture) });
            proto.ExternalData.Add(new StringStringEntryProto { Key = "length", Value = tensor.Bytes.Length.ToString(CultureInfo.InvariantCulture) });
            proto.ExternalData.Add(new StringStringEntryProto { Key = "checksum", Value = checksum });
        }
    }
}
