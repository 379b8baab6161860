using AutLearn.Graph.Artifacts;
using AutLearn.Runtime.Updates;

namespace AutLearn.Runtime.Tests.Updates;

/// <summary>Updates neither produce numbers below the normal range nor lose any that matter.</summary>
[Trait("Category", "Conformance")]
public sealed class TinyNumbersTests
{
    private const float Rate = 1e-3f;
    private const int Count = 1003;

    private static readonly string[] Names = ["sgd", "momentum", "nesterov", "adam", "adamw", "adamw-transformers", "adagrad", "rmsprop", "rmsprop-momentum"];

    public static TheoryData<string> Optimizers => new(Names);

    [Theory]
    [MemberData(nameof(Optimizers))]
    public void Update_AnyMagnitude_IsTheFormulaInDoublePrecision(string name)
    {
        OptimizerSpec spec = SpecOf(name);
        var random = new Random(7);
        float[] w = Numbers(random, -6, 2, isSigned: true), g = Numbers(random, -44, 3, isSigned: true);
        float[] a = Numbers(random, -44, 1, isSigned: HasSignedFirst(spec)), b = Numbers(random, -44, 1, isSigned: spec.Kind == "rmsprop");
        (float[] nextW, float[] nextA, float[] nextB) = Update(spec, step: 20, w, g, a, b, out LargestWritten largest);
        for (int i = 0; i < Count; i++)
        {
            (double expectedW, double expectedA, double expectedB) = Reference(spec, 20, w[i], g[i], a[i], b[i]);
            AssertClose(expectedW, nextW[i], 1e-6 * Math.Abs(w[i]), i);
            AssertClose(expectedA, nextA[i], HasSignedFirst(spec) ? Tiny.Gradient : Tiny.Squared * Tiny.Squared, i);
            AssertClose(expectedB, nextB[i], spec.Kind == "rmsprop" ? Tiny.Gradient / spec.Epsilon : Tiny.Squared * Tiny.Squared, i);
            Assert.False(float.IsSubnormal(nextW[i]) || float.IsSubnormal(nextA[i]) || float.IsSubnormal(nextB[i]));
        }

        Assert.Equal(nextW.Max(MathF.Abs), largest.Parameter);
        Assert.Equal(nextA.Max(MathF.Abs), largest.First);
        Assert.Equal(nextB.Max(MathF.Abs), largest.Second);
    }

    [Theory]
    [MemberData(nameof(Optimizers))]
    public void Update_GradientsThatEnd_LeaveNothingTiny(string name)
    {
        // Running means fall for ever; below the normal range each step would take a hundred times as long.
        OptimizerSpec spec = SpecOf(name);
        var random = new Random(8);
        float[] w = Numbers(random, -3, 0, isSigned: true), a = new float[Count], b = new float[Count];
        for (int step = 1; step <= 4000; step++)
        {
            float[] g = step <= 3 ? Numbers(random, -25, 1, isSigned: true) : step % 2 == 0 ? new float[Count] : [.. Enumerable.Repeat(1e-42f, Count)];
            (w, a, b) = Update(spec, step, w, g, a, b, out _);
            Assert.DoesNotContain(w.Concat(a).Concat(b), float.IsSubnormal);
        }

        if (HasSignedFirst(spec))
            Assert.All(a, v => Assert.Equal(0, v));
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void Update_OneNumberNotFinite_IsFoundWhereverItStands(float value)
    {
        foreach (string name in Names)
        {
            foreach (int place in (int[])[0, 5, 500, Count - 2, Count - 1])
            {
                float[] g = new float[Count];
                g[place] = value;
                Update(SpecOf(name), 1, new float[Count], g, new float[Count], new float[Count], out LargestWritten largest);
                Assert.False(double.IsFinite(largest.Parameter) && double.IsFinite(largest.First) && double.IsFinite(largest.Second), $"{name} at {place}");
            }
        }
    }

    private static void AssertClose(double expected, float actual, double tiny, int index) =>
        Assert.True(Math.Abs(expected - actual) <= (2e-6 * Math.Abs(expected)) + (2 * tiny), $"{index}: {actual} instead of {expected}.");

    private static bool HasSignedFirst(OptimizerSpec spec) => spec.Kind is "adam" or "adamw" or "sgd";

    private static OptimizerSpec SpecOf(string name) => name switch
    {
        "sgd" => new("sgd"),
        "momentum" => new("sgd") { Momentum = 0.9 },
        "nesterov" => new("sgd") { Momentum = 0.9, IsNesterov = true },
        "adam" => new("adam") { Beta1 = 0.9, Beta2 = 0.999, Epsilon = 1e-8 },
        "adamw" => new("adamw") { Beta1 = 0.9, Beta2 = 0.999, Epsilon = 1e-8, WeightDecay = 0.01 },
        "adamw-transformers" => new("adamw") { Beta1 = 0.9, Beta2 = 0.999, Epsilon = 1e-6, WeightDecay = 0.01, Form = AdamWForm.Transformers },
        "adagrad" => new("adagrad") { Epsilon = 1e-10 },
        "rmsprop" => new("rmsprop") { Beta2 = 0.99, Epsilon = 1e-8 },
        _ => new("rmsprop") { Beta2 = 0.99, Epsilon = 1e-8, Momentum = 0.9 },
    };

    private static float[] Numbers(Random random, int least, int most, bool isSigned) =>
        [.. Enumerable.Range(0, Count).Select(_ => (float)(Math.Pow(10, least + (random.NextDouble() * (most - least))) * (isSigned && random.Next(2) == 0 ? -1 : 1)))];

    private static (float[] W, float[] A, float[] B) Update(OptimizerSpec spec, long step, float[] w, float[] g, float[] a, float[] b, out LargestWritten largest)
    {
        float[] nextW = new float[Count], nextA = new float[Count], nextB = new float[Count];
        var span = new UpdateSpan { Parameter = w, Gradient = g, First = a, Second = b, NextParameter = nextW, NextFirst = nextA, NextSecond = nextB };
        largest = default;
        switch (spec)
        {
            case { Kind: "adam" or "adamw" }: span.Update(new AdamRule(spec, Rate, step), 1, ref largest); break;
            case { Kind: "adagrad" }: span.Update(new AdagradRule(spec, Rate), 1, ref largest); break;
            case { Kind: "rmsprop", Momentum: > 0 }: span.Update(new RmsPropMomentumRule(spec, Rate), 1, ref largest); break;
            case { Kind: "rmsprop" }: span.Update(new RmsPropRule(spec, Rate), 1, ref largest); break;
            case { Momentum: > 0 }: span.Update(new MomentumRule(spec, Rate), 1, ref largest); break;
            default: span.Update(new DescentRule(spec, Rate), 1, ref largest); break;
        }

        return (nextW, nextA, nextB);
    }

    private static (double W, double A, double B) Reference(OptimizerSpec spec, long step, double w, double g, double a, double b)
    {
        double rate = Rate;
        switch (spec)
        {
            case { Kind: "adam" or "adamw" }:
                a = (spec.Beta1 * a) + ((1 - spec.Beta1) * g);
                b = (spec.Beta2 * b) + ((1 - spec.Beta2) * g * g);
                if (spec.Form == AdamWForm.Transformers)
                    return ((w - (rate * Math.Sqrt(1 - Math.Pow(spec.Beta2, step)) / (1 - Math.Pow(spec.Beta1, step)) * a / (Math.Sqrt(b) + spec.Epsilon))) * (1 - (rate * spec.WeightDecay)), a, b);
                return ((w * (1 - (rate * spec.WeightDecay))) - (rate / (1 - Math.Pow(spec.Beta1, step)) * a / ((Math.Sqrt(b) / Math.Sqrt(1 - Math.Pow(spec.Beta2, step))) + spec.Epsilon)), a, b);
            case { Kind: "adagrad" }:
                a += g * g;
                return (w - (rate * g / (Math.Sqrt(a) + spec.Epsilon)), a, 0);
            case { Kind: "rmsprop" }:
                a = (spec.Beta2 * a) + ((1 - spec.Beta2) * g * g);
                double direction = g / (Math.Sqrt(a) + spec.Epsilon);
                b = spec.Momentum > 0 ? (spec.Momentum * b) + direction : 0;
                return (w - (rate * (spec.Momentum > 0 ? b : direction)), a, b);
            case { Momentum: > 0 }:
                a = (spec.Momentum * a) + g;
                return (w - (rate * (spec.IsNesterov ? g + (spec.Momentum * a) : a)), a, 0);
            default:
                return (w - (rate * g), 0, 0);
        }
    }
}
