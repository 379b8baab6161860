namespace AutLearn.Runtime;

/// <summary>A moment of a native run.</summary>
internal enum RunStage
{
    /// <summary>Everything is bound; nothing ran.</summary>
    Before,

    /// <summary>All outputs are written; nothing is committed.</summary>
    After,
}
