using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Runtime.Execution;
using AutLearn.Runtime.Parameters;

namespace AutLearn.Runtime.Updates;

/// <summary>The walks over pieces of tensors that an update is made of.</summary>
/// <remarks>Several threads may work on different pieces of one step.</remarks>
internal sealed class UpdateWalk
{
    // Of what has to be converted or summed first: small enough for the first cache.
    private const int Block = 1024;

    private readonly ParameterSets _sets;
    private readonly OptimizerSpec _optimizer;
    private readonly DenseTensor[] _dense;
    private readonly Piece[] _pieces;
    private readonly LargestWritten[] _largest;
    private readonly double[] _values;
    private readonly LargestWritten[] _largestOf;
    private readonly int[] _written;
    private readonly int[] _accumulated;
    private UpdateWindow? _window;
    private AdamRule _adam;
    private float _rate;

    public UpdateWalk(ParameterSets sets, OptimizerSpec optimizer, DenseTensor[] dense, TableTensor[] tables, Piece[] pieces)
    {
        _sets = sets;
        _optimizer = optimizer;
        _dense = dense;
        _pieces = pieces;
        _largest = new LargestWritten[pieces.Length];
        _values = new double[pieces.Length];
        _largestOf = new LargestWritten[sets.Count];
        _written = [.. dense.SelectMany(d => (int[])[d.Parameter, d.First, d.Second]).Concat(tables.SelectMany(t => (int[])[t.Parameter, t.First, t.Second])).Where(t => t >= 0).Order()];
        _accumulated = [.. dense.Select(d => d.Accumulated).Where(t => t >= 0)];
    }

    /// <summary>Gets or sets what all gradients are multiplied by.</summary>
    public float Scale { get; set; }

    /// <summary>Prepares the walks of one step.</summary>
    /// <param name="window">The window that the step belongs to; null where every call updates.</param>
    /// <param name="rate">The learning rate.</param>
    /// <param name="step">The number of the step, from 1, for optimizers that count.</param>
    public void Begin(UpdateWindow? window, float rate, long step)
    {
        _window = window;
        _rate = rate;
        Scale = 1;
        if (_optimizer.Kind is "adam" or "adamw")
            _adam = new(_optimizer, rate, Math.Max(step, 1));
        Array.Clear(_largest);
        Array.Clear(_largestOf);
    }

    /// <summary>Adds the gradient of a piece to the sum of the window, or clears that at the end of a window without weight.</summary>
    public void Gather(int piece, RunPlan? plan, int target)
    {
        (DenseTensor tensor, Piece p) = (_dense[_pieces[piece].Tensor], _pieces[piece]);
        Span<float> sum = _sets.Buffer(target, tensor.Accumulated).Span<float>().Slice(p.Start, p.Length);
        ReadOnlySpan<float> before = _sets.Buffer(1 - target, tensor.Accumulated).Span<float>().Slice(p.Start, p.Length);
        if (_window!.IsOver)
            sum.Clear();
        else if (_window.Weight == 0)
            before.CopyTo(sum);
        else
            AddGradient(plan!.Outputs[tensor.Gradient]!, p.Start, before, sum);
        _values[piece] = LargestMagnitude.Of(MemoryMarshal.AsBytes(sum), ElementType.Float32);
    }

    /// <summary>Adds up the squares of a piece of the gradient.</summary>
    public void Square(int piece, RunPlan? plan, int target)
    {
        (DenseTensor tensor, Piece p) = (_dense[_pieces[piece].Tensor], _pieces[piece]);
        Span<float> block = stackalloc float[Block];
        Vector<double> sum = Vector<double>.Zero;
        double rest = 0;
        for (int start = 0; start < p.Length; start += Block)
        {
            ReadOnlySpan<float> gradient = GradientOf(tensor, plan, target, p.Start + start, block[..Math.Min(Block, p.Length - start)]);
            int i = 0;
            for (; i <= gradient.Length - Vector<float>.Count; i += Vector<float>.Count)
            {
                Vector.Widen(new Vector<float>(gradient[i..]), out Vector<double> low, out Vector<double> high);
                sum += (low * low) + (high * high);
            }

            for (; i < gradient.Length; i++)
                rest += (double)gradient[i] * gradient[i];
        }

        _values[piece] = Vector.Sum(sum) + rest;
    }

    /// <summary>Updates a piece.</summary>
    public void Update(int piece, RunPlan? plan, int target) => ByRule(null, piece, plan, target);

    /// <summary>Updates the touched rows of a table.</summary>
    public void Update(TableTensor table, int target) => ByRule(table, -1, null, target);

    /// <summary>Gets the sum of the squares of all gradients, of pieces and tables.</summary>
    public double SumOfSquares(TableTensor[] tables)
    {
        double sum = 0;
        foreach (double piece in _values)
            sum += piece;
        foreach (TableTensor table in tables)
            sum += SumOfSquares(table);
        return sum;
    }

    /// <summary>Renews the magnitudes of what was written, and finds the first tensor that is not finite; -1 where all are.</summary>
    public int FindNotFinite(int target, TableTensor[] tables, bool isUpdate)
    {
        Span<double> magnitudes = _sets.Magnitudes(target);
        for (int piece = 0; piece < _pieces.Length; piece++)
        {
            DenseTensor tensor = _dense[_pieces[piece].Tensor];
            if (isUpdate)
                _largestOf[tensor.Parameter].Take(_largest[piece]);
            if (tensor.Accumulated >= 0)
                magnitudes[tensor.Accumulated] = isUpdate ? 0 : _pieces[piece].Start == 0 ? _values[piece] : Larger(magnitudes[tensor.Accumulated], _values[piece]);
        }

        if (!isUpdate)
            return FirstNotFinite(magnitudes, _accumulated);
        foreach (DenseTensor tensor in _dense)
            Renew(magnitudes, tensor.Parameter, tensor.First, tensor.Second);
        foreach (TableTensor table in tables)
            RenewTable(magnitudes, _sets.Magnitudes(1 - target), table);
        return FirstNotFinite(magnitudes, _written);
    }

    private static int FirstNotFinite(ReadOnlySpan<double> magnitudes, int[] tensors)
    {
        foreach (int tensor in tensors)
        {
            if (!double.IsFinite(magnitudes[tensor]))
                return tensor;
        }

        return -1;
    }

    private static double Larger(double a, double b) => double.IsNaN(a) || double.IsNaN(b) ? double.NaN : Math.Max(a, b);

    private void Renew(Span<double> magnitudes, int parameter, int first, int second)
    {
        ref readonly LargestWritten largest = ref _largestOf[parameter];
        magnitudes[parameter] = largest.Parameter;
        if (first >= 0)
            magnitudes[first] = largest.First;
        if (second >= 0)
            magnitudes[second] = largest.Second;
    }

    // The rows that were not touched are at most as large as before.
    private void RenewTable(Span<double> magnitudes, ReadOnlySpan<double> before, TableTensor table)
    {
        Renew(magnitudes, table.Parameter, table.First, table.Second);
        foreach (int tensor in (ReadOnlySpan<int>)[table.Parameter, table.First, table.Second])
        {
            if (tensor >= 0)
                magnitudes[tensor] = Larger(magnitudes[tensor], before[tensor]);
        }
    }

    private static double SumOfSquares(TableTensor table)
    {
        double sum = 0;
        for (int i = 0; i < table.Touched.Count; i++)
        {
            foreach (float g in table.GradientOf(i))
                sum += (double)g * g;
        }

        return sum;
    }

    private void ByRule(TableTensor? table, int piece, RunPlan? plan, int target)
    {
        switch (_optimizer)
        {
            case { Kind: "adam" or "adamw" }: Update(_adam, table, piece, plan, target); break;
            case { Kind: "adagrad" }: Update(new AdagradRule(_optimizer, _rate), table, piece, plan, target); break;
            case { Kind: "rmsprop", Momentum: > 0 }: Update(new RmsPropMomentumRule(_optimizer, _rate), table, piece, plan, target); break;
            case { Kind: "rmsprop" }: Update(new RmsPropRule(_optimizer, _rate), table, piece, plan, target); break;
            case { Momentum: > 0 }: Update(new MomentumRule(_optimizer, _rate), table, piece, plan, target); break;
            default: Update(new DescentRule(_optimizer, _rate), table, piece, plan, target); break;
        }
    }

    private void Update<TRule>(TRule rule, TableTensor? table, int piece, RunPlan? plan, int target)
        where TRule : struct, IUpdateRule
    {
        if (table is null)
            Update(rule, _dense[_pieces[piece].Tensor], piece, plan, target);
        else
            Update(rule, table, target);
    }

    private void Update<TRule>(TRule rule, TableTensor table, int target)
        where TRule : struct, IUpdateRule
    {
        ref LargestWritten largest = ref _largestOf[table.Parameter];
        TensorBuffer from = _sets.Buffer(1 - target, table.Parameter), to = _sets.Buffer(target, table.Parameter);
        for (int i = 0; i < table.Touched.Count; i++)
            Span(rule, from, to, table.Touched[i] * table.RowSize, table.RowSize, table.GradientOf(i), table.First, table.Second, target, table.Wide, ref largest);
    }

    private void Update<TRule>(TRule rule, DenseTensor tensor, int piece, RunPlan? plan, int target)
        where TRule : struct, IUpdateRule
    {
        Piece p = _pieces[piece];
        TensorBuffer from = _sets.Buffer(1 - target, tensor.Parameter), to = _sets.Buffer(target, tensor.Parameter);
        ref LargestWritten largest = ref _largest[piece];
        if (tensor.IsDirect(_sets, plan))
        {
            Span(rule, from, to, p.Start, p.Length, plan!.Outputs[tensor.Gradient]!.Span<float>().Slice(p.Start, p.Length), tensor.First, tensor.Second, target, [], ref largest);
            return;
        }

        Span<float> block = stackalloc float[Block], wide = stackalloc float[Block];
        for (int start = p.Start; start < p.Start + p.Length; start += Block)
        {
            int count = Math.Min(Block, p.Start + p.Length - start);
            ReadOnlySpan<float> gradient = GradientOf(tensor, plan, target, start, block[..count]);
            Span(rule, from, to, start, count, gradient, tensor.First, tensor.Second, target, wide[..count], ref largest);
            if (tensor.Accumulated >= 0)
                _sets.Buffer(target, tensor.Accumulated).Span<float>().Slice(start, count).Clear();
        }
    }

    // Half precision is widened into memory that stays in the cache and rounded back once.
    private void Span<TRule>(
        TRule rule, TensorBuffer from, TensorBuffer to, int start, int count, ReadOnlySpan<float> gradient, int first, int second, int target, Span<float> wide, ref LargestWritten largest)
        where TRule : struct, IUpdateRule
    {
        bool isHalf = from.ElementType == ElementType.Float16;
        if (isHalf)
            TensorPrimitives.ConvertToSingle(from.Span<Half>().Slice(start, count), wide);
        new UpdateSpan
        {
            Parameter = isHalf ? wide : from.Span<float>().Slice(start, count),
            Gradient = gradient,
            First = StateOf(first, 1 - target, start, count),
            Second = StateOf(second, 1 - target, start, count),
            NextParameter = isHalf ? wide : to.Span<float>().Slice(start, count),
            NextFirst = StateOf(first, target, start, count),
            NextSecond = StateOf(second, target, start, count),
        }.Update(rule, Scale, ref largest);
        if (!isHalf)
            return;
        Span<Half> rounded = to.Span<Half>().Slice(start, count);
        TensorPrimitives.ConvertToHalf(wide, rounded);
        largest.TakeParameter(LargestMagnitude.Of(MemoryMarshal.AsBytes(rounded), ElementType.Float16));
    }

    private Span<float> StateOf(int tensor, int set, int start, int count) => tensor < 0 ? [] : _sets.Buffer(set, tensor).Span<float>().Slice(start, count);

    // The gradient of one call, or the mean over a window.
    private ReadOnlySpan<float> GradientOf(DenseTensor tensor, RunPlan? plan, int target, int start, Span<float> block)
    {
        if (tensor.Accumulated < 0)
        {
            TensorBuffer gradient = plan!.Outputs[tensor.Gradient]!;
            if (gradient.ElementType == ElementType.Float32)
                return gradient.Span<float>().Slice(start, block.Length);
            TensorPrimitives.ConvertToSingle(gradient.Span<Half>().Slice(start, block.Length), block);
            return block;
        }

        ReadOnlySpan<float> sum = _sets.Buffer(1 - target, tensor.Accumulated).Span<float>().Slice(start, block.Length);
        if (_window!.Weight == 0)
            sum.CopyTo(block);
        else
            AddGradient(plan!.Outputs[tensor.Gradient]!, start, sum, block);
        TensorPrimitives.Multiply(block, _window.Reciprocal, block);
        return block;
    }

    private void AddGradient(TensorBuffer gradient, int start, ReadOnlySpan<float> sum, Span<float> result)
    {
        if (gradient.ElementType == ElementType.Float32)
        {
            Add(gradient.Span<float>().Slice(start, sum.Length), sum, result);
            return;
        }

        Span<float> wide = stackalloc float[Block];
        for (int i = 0; i < sum.Length; i += Block)
        {
            int count = Math.Min(Block, sum.Length - i);
            TensorPrimitives.ConvertToSingle(gradient.Span<Half>().Slice(start + i, count), wide[..count]);
            Add(wide[..count], sum.Slice(i, count), result.Slice(i, count));
        }
    }

    // Rounded twice on every processor, unlike a fused operation.
    private void Add(ReadOnlySpan<float> gradient, ReadOnlySpan<float> sum, Span<float> result)
    {
        var weight = new Vector<float>(_window!.Weight);
        int i = 0;
        for (; i <= sum.Length - Vector<float>.Count; i += Vector<float>.Count)
            ((new Vector<float>(gradient[i..]) * weight) + new Vector<float>(sum[i..])).CopyTo(result[i..]);
        for (; i < sum.Length; i++)
            result[i] = (gradient[i] * _window.Weight) + sum[i];
    }
}
