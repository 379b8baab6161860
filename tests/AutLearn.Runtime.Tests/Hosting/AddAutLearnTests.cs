using AutLearn.Runtime.Hosting;
using AutLearn.Runtime.Forgetting;
using AutLearn.Runtime.Scheduling;
using AutLearn.Runtime.Stores;
using AutLearn.Runtime.Stores.Samples;
using AutLearn.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace AutLearn.Runtime.Tests.Hosting;

[Trait("Category", "Unit")]
public sealed class AddAutLearnTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void AddAutLearn_ModelPath_GivesOneModelAndDisposesIt()
    {
        string path = LinearArtifacts.Write(_folder.File("model.autlearn"));
        var services = new ServiceCollection();
        AutLearnBuilder builder = services.AddAutLearn(o => o.ModelPath = path);
        Assert.Same(services, builder.Services);
        PersonalModel model;
        using (ServiceProvider provider = services.BuildServiceProvider())
        {
            model = provider.GetRequiredService<PersonalModel>();
            Assert.Same(model, provider.GetRequiredService<PersonalModel>());
            Assert.NotNull(provider.GetRequiredService<FineTuner>());
        }

        Assert.Throws<ObjectDisposedException>(() => model.GetParameter("w"));
    }

    [Fact]
    public void AddLearning_PartsMissing_NamesTheCall()
    {
        string path = LinearArtifacts.Write(_folder.File("model.autlearn"));
        var services = new ServiceCollection();
        services.AddAutLearn(o => o.ModelPath = path).AddLearning(o => o.Folder = _folder.File("learning"));
        using ServiceProvider provider = services.BuildServiceProvider();
        foreach (Action ask in new Action[] { () => Assert.Empty(provider.GetServices<IHostedService>()), () => provider.GetRequiredService<PersonalDataEraser>() })
            Assert.Contains("AddSampleStore(folder)", Assert.Throws<InvalidOperationException>(ask).Message, StringComparison.Ordinal);

        foreach ((string call, Action<AutLearnBuilder> add) in new (string, Action<AutLearnBuilder>)[] { ("AddLearning(o => o.Folder", b => b.AddLearning(_ => { })), ("AddOnlineLearner(o => o.Folder", b => b.AddOnlineLearner(_ => { })) })
        {
            var without = new ServiceCollection();
            add(without.AddAutLearn(o => o.ModelPath = path).AddSampleStore(_folder.File("samples")));
            using ServiceProvider half = without.BuildServiceProvider();
            Assert.Contains(call, Assert.Throws<OptionsValidationException>(() => Assert.Empty(half.GetServices<IHostedService>())).Message, StringComparison.Ordinal);
        }

        var none = new ServiceCollection();
        none.AddAutLearn(_ => { });
        using ServiceProvider noPath = none.BuildServiceProvider();
        Assert.Contains("AddAutLearn(o => o.ModelPath", Assert.Throws<OptionsValidationException>(() => noPath.GetRequiredService<PersonalModel>()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AddLearning_WithASampleStore_ForgetsThroughTheContainer()
    {
        string path = LinearArtifacts.Write(_folder.File("model.autlearn"));
        await using ServiceProvider provider = Start();
        SampleStore samples = provider.GetRequiredService<SampleStore>();
        samples.Add(new NewSample { Payload = new byte[16], Label = 1, Source = "chat", Consent = SampleConsent.Given });
        provider.GetRequiredService<PersonalModel>().SetParameters([new("b", AutLearn.Graph.Tensor.Of<float>([3], [1f, 2f, 3f]))]);
        provider.GetRequiredService<GenerationStore>().Commit(provider.GetRequiredService<PersonalModel>());
        var eraser = provider.GetRequiredService<PersonalDataEraser>();
        await eraser.ForgetSourceAsync("chat");
        Assert.Empty(samples.List());
        Assert.Empty(provider.GetRequiredService<GenerationStore>().ReadNewestFirst());
        Assert.Equal(LinearArtifacts.Bias, provider.GetRequiredService<PersonalModel>().GetParameter("b").Span<float>().ToArray());
        provider.GetRequiredService<GenerationStore>().Commit(provider.GetRequiredService<PersonalModel>());
        await eraser.ForgetAllAsync();
        await provider.DisposeAsync();
        await using ServiceProvider again = Start();
        Assert.False(await again.GetRequiredService<PersonalDataEraser>().ResumeAsync());
        Assert.Empty(again.GetRequiredService<GenerationStore>().ReadNewestFirst());

        ServiceProvider Start()
        {
            var services = new ServiceCollection();
            services.AddAutLearn(o => o.ModelPath = path).AddSampleStore(_folder.File("samples")).AddLearning(o => o.Folder = _folder.File("learning"));
            return services.BuildServiceProvider();
        }
    }

    [Fact]
    public void AddAutLearn_OptionsOutOfRange_FailWhenAskedFor()
    {
        using ServiceProvider noPath = Build(_ => { });
        Assert.Contains("ModelPath", Assert.Throws<OptionsValidationException>(() => noPath.GetRequiredService<PersonalModel>()).Message, StringComparison.Ordinal);
        using ServiceProvider threads = Build(o =>
        {
            o.ModelPath = "model";
            o.Model.IntraOpThreads = 1000;
        });
        Assert.Contains("IntraOpThreads", Assert.Throws<OptionsValidationException>(() => threads.GetRequiredService<PersonalModel>()).Message, StringComparison.Ordinal);
    }

    private static ServiceProvider Build(Action<AutLearnOptions> configure)
    {
        var services = new ServiceCollection();
        services.AddAutLearn(configure);
        return services.BuildServiceProvider();
    }
}
