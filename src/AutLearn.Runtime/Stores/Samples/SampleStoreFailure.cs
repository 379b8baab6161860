namespace AutLearn.Runtime.Stores.Samples;

/// <summary>Why a sample store cannot be used.</summary>
/// <remarks>Only <see cref="Damaged"/> can mean that samples are lost. With the others they are all there, and a person can make the store open again.</remarks>
public enum SampleStoreFailure
{
    /// <summary>A file's content is not what was committed.</summary>
    Damaged,

    /// <summary>The files belong to another key, such as another profile's: put the right one in its place.</summary>
    WrongKey,

    /// <summary>Another process or another object has the store open.</summary>
    InUse,

    /// <summary>A newer version of AutLearn wrote the files.</summary>
    NewerFormat,

    /// <summary>A key is not where it was kept: put it back.</summary>
    KeyMissing,

    /// <summary>This account may not read a key, or other accounts may: correct the permissions.</summary>
    KeyAccessDenied,

    /// <summary>The key store is locked: open again after the user has unlocked it.</summary>
    KeyLocked,

    /// <summary>What stands in a key's place is no key: put the right file back.</summary>
    KeyDamaged,
}
