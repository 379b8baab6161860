namespace AutLearn.Cloud.Data;

/// <summary>A data file is missing, damaged, or not of the kind that was asked for.</summary>
internal sealed class DataFileException : AutLearnException
{
    public DataFileException(string path, string what, Exception? inner = null)
        : base($"{path}: {what}", inner) => File = path;
}
