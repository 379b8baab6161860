namespace AutLearn.Runtime.Stores.Samples;

/// <summary>Why a key protector cannot unwrap a key. Each of them a person can mend, as long as the wrapping key still exists somewhere.</summary>
public enum KeyProtectorFailure
{
    /// <summary>The wrapping key is another one than the key was wrapped with.</summary>
    OtherKey,

    /// <summary>The wrapping key is not where it was kept.</summary>
    Missing,

    /// <summary>This account may not read the wrapping key, or other accounts may.</summary>
    AccessDenied,

    /// <summary>The key store is locked until the user unlocks it.</summary>
    Locked,

    /// <summary>What stands in the wrapping key's place is no key.</summary>
    Damaged,
}
