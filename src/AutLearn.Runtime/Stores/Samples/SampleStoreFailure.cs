namespace AutLearn.Runtime.Stores.Samples;

/// <summary>Why a sample store cannot be used.</summary>
public enum SampleStoreFailure
{
    /// <summary>A file's content is not what was committed.</summary>
    Damaged,

    /// <summary>The key is gone, or the files belong to another one.</summary>
    WrongKey,

    /// <summary>Another process or another object has the store open.</summary>
    InUse,

    /// <summary>A newer version of AutLearn wrote the files.</summary>
    NewerFormat,
}
