using AutLearn.Cloud.Pretraining.Recipes;
using TorchSharp;
using TorchSharp.Modules;
using Parameter = TorchSharp.Modules.Parameter;

namespace AutLearn.Benchmarks.Experiments.Words;

/// <summary><see cref="LstmLanguageModelRecipe"/> of one layer with a head of its own, in libtorch.</summary>
internal sealed class TorchLanguageModel : TorchText
{
    private readonly LstmLanguageModelRecipe _recipe;
    private readonly Embedding _embedding;
    private readonly LSTM _lstm;
    private readonly Parameter _head;
    private readonly Parameter _bias;

    public TorchLanguageModel(LstmLanguageModelRecipe recipe)
    {
        _recipe = recipe;
        _embedding = torch.nn.Embedding(recipe.Vocabulary, recipe.Hidden);
        Add("embedding.weight", _embedding.weight!);
        _lstm = AddLstm("lstm_1", recipe.Hidden);
        _head = Add("head.weight", recipe.Hidden, recipe.Vocabulary);
        _bias = Add("head.bias", recipe.Vocabulary);
    }

    protected override torch.Tensor Scores(torch.Tensor tokens)
    {
        torch.Tensor words = torch.nn.functional.dropout(_embedding.call(tokens), _recipe.Dropout, IsTraining);
        return torch.nn.functional.dropout(_lstm.call(words).Item1, _recipe.Dropout, IsTraining).matmul(_head) + _bias;
    }
}
