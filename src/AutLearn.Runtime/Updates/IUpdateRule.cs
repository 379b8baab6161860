using System.Numerics;

namespace AutLearn.Runtime.Updates;

/// <summary>What an optimizer does with a few numbers of a parameter.</summary>
/// <remarks>
/// Every rule is written with single additions, multiplications, divisions and roots, which IEEE 754 rounds alike everywhere: the same
/// numbers come out of every processor, whatever the width of its vectors. No operation meets a number below the normal range in the long
/// run, for which many processors take a hundred times as long: see <see cref="Tiny"/>.
/// </remarks>
internal interface IUpdateRule
{
    /// <summary>Gets how many states a parameter has.</summary>
    /// <value>0 to 2.</value>
    static abstract int StateCount { get; }

    /// <summary>Updates a vector of numbers.</summary>
    /// <param name="parameter">The parameter.</param>
    /// <param name="gradient">Its gradient; nothing below <see cref="Tiny.Gradient"/> but 0.</param>
    /// <param name="first">The first state, which becomes the next; meaningless where there is none.</param>
    /// <param name="second">The second state.</param>
    /// <returns>The next parameter.</returns>
    Vector<float> Next(Vector<float> parameter, Vector<float> gradient, ref Vector<float> first, ref Vector<float> second);
}
