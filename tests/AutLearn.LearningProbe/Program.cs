using System.Globalization;
using AutLearn.Cache.Disk;
using AutLearn.LearningProbe;
using AutLearn.Runtime;
using AutLearn.Runtime.Offline;
using AutLearn.Runtime.Stores;

// Learns in a folder, one training after the other on a growing history, until all are done; killed at any time it goes on where it was.
// Prints each committed generation, so that whoever killed it knows what must still be there.
if (args is ["race"])
    return FolderRace.Run();
if (args is ["storm", string root, string life, string seed])
    return await StormLife.RunAsync(root, int.Parse(life, CultureInfo.InvariantCulture), int.Parse(seed, CultureInfo.InvariantCulture));
if (args is not [string folder])
{
    Console.Error.WriteLine("Usage: AutLearn.LearningProbe FOLDER | race | storm FOLDER LIFE SEED");
    return 2;
}

string package = ProbeModel.WriteOnce(Path.Combine(folder, "model.autlearn"));
using var model = PersonalModel.Open(package, new PersonalModelOptions { IntraOpThreads = 1, Seed = 7 });
using var generations = new GenerationStore(Path.Combine(folder, "generations"));
using FeatureStore features = FeatureStore.Open(Path.Combine(folder, "features"), OfflineLearner.OptionsFor(model));

// Counted by generations: killed between commit and the end of a training, the next life promotes the same generation once more.
long done = generations.Restore(model).Number;
while (done < ProbeHistory.Trainings)
{
    var learner = new OfflineLearner(
        model, new ProbeHistory((int)done), features, Path.Combine(folder, "work"), ProbeHistory.Options, new ProbeAugmenter(), generations);
    OfflineResult result = await learner.RunAsync();
    if (result.Status != OfflineStatus.Promoted)
        throw new InvalidOperationException($"Training {done} ended {result.Status}.");
    done = generations.ReadNewestFirst().First().Number;
    Console.WriteLine(done);
}

return 0;
