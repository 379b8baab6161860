using AutLearn.Runtime.Hosting;
using AutLearn.Testing;
using Microsoft.Extensions.DependencyInjection;
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
