using AutLearn.Augment.Randomness;

namespace AutLearn.Augment.Images;

/// <summary>Adds Gaussian noise, independent for each value.</summary>
/// <param name="MaxSigma">The standard deviation is uniform in [0, max], in grey levels; 0 to 255.</param>
public sealed record NoiseStep(double MaxSigma) : ImageStep
{
    internal override void Validate()
    {
        base.Validate();
        Check(MaxSigma, 0, 255, nameof(MaxSigma));
    }

    private protected override void DrawTaken(ref CounterRandom random, ImagePlanBuilder plan)
        => plan.NoiseSigma = (float)random.NextDouble(0, MaxSigma);
}
