namespace AutLearn.Runtime.Training;

/// <summary>Keeps rows out of a step that should contribute nothing to it, but would: 0 times what is not finite is not 0.</summary>
/// <remarks>
/// A row whose labels are all ignored has a gradient of 0 at the scores. Where the model is undefined for it, as a logarithm is below 0, the
/// products behind make NaN of that, for all rows. So a step that is not finite is computed once more with such rows replaced by a row
/// that counts, which the model must be defined for anyway.
/// </remarks>
internal static class IgnoredRows
{
    /// <summary>Overwrites the boundary rows whose labels are all ignored with the first row that has another label.</summary>
    /// <param name="boundary">The boundary tensors, the batch first.</param>
    /// <param name="labels">The labels, the batch first.</param>
    /// <param name="check">Knows the ignored label.</param>
    /// <param name="rows">The rows of the batch.</param>
    /// <returns>Whether there were rows of both kinds.</returns>
    public static bool TryReplace(ReadOnlySpan<TensorBuffer> boundary, TensorBuffer labels, LabelCheck check, int rows)
    {
        int counted = 0;
        while (counted < rows && check.IsRowIgnored(labels, counted, rows))
            counted++;
        if (counted == rows)
            return false;
        bool any = false;
        for (int row = 0; row < rows; row++)
        {
            if (!check.IsRowIgnored(labels, row, rows))
                continue;
            any = true;
            foreach (TensorBuffer tensor in boundary)
            {
                int size = tensor.Bytes.Length / rows;
                tensor.Bytes.Slice(counted * size, size).CopyTo(tensor.Bytes[(row * size)..]);
            }
        }

        return any;
    }
}
