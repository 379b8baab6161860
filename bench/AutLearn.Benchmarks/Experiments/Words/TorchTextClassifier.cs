using AutLearn.Cloud.Pretraining.Recipes;
using TorchSharp;
using TorchSharp.Modules;
using Parameter = TorchSharp.Modules.Parameter;

namespace AutLearn.Benchmarks.Experiments.Words;

/// <summary><see cref="TextClassifierRecipe"/> in libtorch, with the mean of the words or the last state of an LSTM.</summary>
internal sealed class TorchTextClassifier : TorchText
{
    private readonly TextClassifierRecipe _recipe;
    private readonly Embedding _embedding;
    private readonly LSTM? _lstm;
    private readonly Parameter _hiddenWeight;
    private readonly Parameter _hiddenBias;
    private readonly Parameter _weight;
    private readonly Parameter _bias;

    public TorchTextClassifier(TextClassifierRecipe recipe)
    {
        _recipe = recipe;
        _embedding = torch.nn.Embedding(recipe.Vocabulary, recipe.Hidden);
        Add("embedding.weight", _embedding.weight!);
        if (recipe.Pooling == TextPooling.Lstm)
            _lstm = AddLstm("lstm", recipe.Hidden);
        _hiddenWeight = Add("hidden.weight", recipe.Hidden, recipe.Hidden);
        _hiddenBias = Add("hidden.bias", recipe.Hidden);
        _weight = Add("classifier.weight", recipe.Classes, recipe.Hidden);
        _bias = Add("classifier.bias", recipe.Classes);
    }

    protected override torch.Tensor Scores(torch.Tensor tokens)
    {
        torch.Tensor words = _embedding.call(tokens), mask = tokens.ne(_recipe.Padding);
        torch.Tensor x = _lstm is null
            ? (words * mask.unsqueeze(2)).sum(1) / mask.sum(1, keepdim: true).clamp(1)
            : Last(_lstm.call(words).Item1, mask.sum(1));
        x = torch.nn.functional.linear(torch.nn.functional.dropout(x, _recipe.Dropout, IsTraining), _hiddenWeight, _hiddenBias).relu();
        return torch.nn.functional.linear(torch.nn.functional.dropout(x, _recipe.Dropout, IsTraining), _weight, _bias);
    }

    // The state behind the last word of each row; zeros where there is none.
    private torch.Tensor Last(torch.Tensor states, torch.Tensor counts)
    {
        torch.Tensor index = (counts - 1).clamp(0).reshape(-1, 1, 1).expand(-1, 1, _recipe.Hidden);
        return states.gather(1, index).squeeze(1) * counts.gt(0).reshape(-1, 1);
    }
}
