namespace AutLearn.Runtime.Tests;

/// <summary>The same model as <see cref="LinearArtifacts"/>, in plain double precision.</summary>
internal sealed class LinearReference
{
    private const int Inputs = LinearArtifacts.Inputs, Features = LinearArtifacts.Features, Classes = LinearArtifacts.Classes;
    private readonly double[] _weightMomentum = new double[Classes * Features];
    private readonly double[] _biasMomentum = new double[Classes];

    public LinearReference(float[]? weight = null, float[]? bias = null)
    {
        Weight = [.. (weight ?? LinearArtifacts.Weight).Select(w => (double)w)];
        Bias = [.. (bias ?? LinearArtifacts.Bias).Select(b => (double)b)];
    }

    public double[] Weight { get; }

    public double[] Bias { get; }

    public static double[] FeaturesOf(ReadOnlySpan<float> input)
    {
        int rows = input.Length / Inputs;
        double[] features = new double[rows * Features];
        for (int r = 0; r < rows; r++)
        {
            for (int f = 0; f < Features; f++)
            {
                double sum = 0;
                for (int i = 0; i < Inputs; i++)
                    sum += input[(r * Inputs) + i] * LinearArtifacts.Backbone[(i * Features) + f];
                features[(r * Features) + f] = Math.Max(0, sum);
            }
        }

        return features;
    }

    public double[] Logits(ReadOnlySpan<double> features)
    {
        int rows = features.Length / Features;
        double[] logits = new double[rows * Classes];
        for (int r = 0; r < rows; r++)
        {
            for (int c = 0; c < Classes; c++)
            {
                double sum = Bias[c];
                for (int f = 0; f < Features; f++)
                    sum += features[(r * Features) + f] * Weight[(c * Features) + f];
                logits[(r * Classes) + c] = sum;
            }
        }

        return logits;
    }

    public static double[] Softmax(double[] logits)
    {
        double[] p = new double[logits.Length];
        for (int r = 0; r < logits.Length / Classes; r++)
        {
            double max = logits.Skip(r * Classes).Take(Classes).Max(), sum = 0;
            for (int c = 0; c < Classes; c++)
                sum += p[(r * Classes) + c] = Math.Exp(logits[(r * Classes) + c] - max);
            for (int c = 0; c < Classes; c++)
                p[(r * Classes) + c] /= sum;
        }

        return p;
    }

    public double Loss(ReadOnlySpan<float> input, long[] labels)
    {
        double[] p = Softmax(Logits(FeaturesOf(input)));
        return labels.Select((label, r) => -Math.Log(p[(r * Classes) + label])).Average();
    }

    public double Step(ReadOnlySpan<float> input, long[] labels, double rate)
    {
        double loss = Loss(input, labels);
        double[] features = FeaturesOf(input), gradient = Softmax(Logits(features));
        for (int r = 0; r < labels.Length; r++)
            gradient[(r * Classes) + labels[r]] -= 1;
        for (int c = 0; c < Classes; c++)
        {
            double bias = 0;
            for (int r = 0; r < labels.Length; r++)
                bias += gradient[(r * Classes) + c] / labels.Length;
            Bias[c] -= rate * (_biasMomentum[c] = (LinearArtifacts.Momentum * _biasMomentum[c]) + bias);
            for (int f = 0; f < Features; f++)
            {
                double sum = 0;
                for (int r = 0; r < labels.Length; r++)
                    sum += gradient[(r * Classes) + c] * features[(r * Features) + f] / labels.Length;
                int i = (c * Features) + f;
                Weight[i] -= rate * (_weightMomentum[i] = (LinearArtifacts.Momentum * _weightMomentum[i]) + sum);
            }
        }

        return loss;
    }
}
