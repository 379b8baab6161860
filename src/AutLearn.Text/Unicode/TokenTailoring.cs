namespace AutLearn.Text.Unicode;

/// <summary>What word boundaries follow beside the default rules.</summary>
internal enum TokenTailoring
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>The tailorings of <see cref="WordTokenizer"/>.</summary>
    Words,
}
