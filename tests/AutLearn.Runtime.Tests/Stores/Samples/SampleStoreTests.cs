using AutLearn.Runtime.Stores.Samples;
using Microsoft.Extensions.Options;

namespace AutLearn.Runtime.Tests.Stores.Samples;

[Trait("Category", "Unit")]
public sealed class SampleStoreTests : IDisposable
{
    private readonly SampleFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Add_ThenReopen_GivesBackWhatWasStored()
    {
        var sample = new NewSample { Payload = SampleFolder.Payload(1, 5000), Label = -7, Source = "Zoë's phone", Time = SampleFolder.Start.ToOffset(TimeSpan.FromHours(3)), Consent = SampleConsent.Given, TimeToLive = TimeSpan.FromDays(2) };
        long id;
        using (SampleStore store = _folder.Open())
            id = store.Add(sample);
        using (SampleStore store = _folder.Open())
        {
            StoredSample found = Assert.Single(store.List());
            Assert.Equal(new(id, -7, "Zoë's phone", SampleFolder.Start, SampleConsent.Given, SampleFolder.Start.AddDays(2), 5000, found.ContentKey), found);
            Assert.Equal(found, store.Find(id));
            Assert.Equal(sample.Payload.ToArray(), store.Read(id));
            Assert.Null(store.Read(id + 1));
        }
    }

    [Fact]
    public void List_AddedOutOfOrder_IsOldestFirst()
    {
        using SampleStore store = _folder.Open();
        store.Add([SampleFolder.Sample(5), SampleFolder.Sample(1), SampleFolder.Sample(9), SampleFolder.Sample(1)]);
        IReadOnlyList<StoredSample> list = store.List();
        Assert.Equal([1, 1, 5, 9], list.Select(s => (int)(s.Time - SampleFolder.Start).TotalMinutes));
        Assert.True(list[0].Id < list[1].Id);
        Assert.Equal(list[0].ContentKey, list[1].ContentKey);
        Assert.NotEqual(list[0].ContentKey, list[2].ContentKey);
    }

    [Fact]
    public void Add_BeyondTheQuotas_OldestLeave()
    {
        using SampleStore store = _folder.Open(new() { SampleQuota = 4, SizeQuotaInBytes = 300, PayloadLimitInBytes = 200 });
        for (int i = 1; i <= 6; i++)
            store.Add(SampleFolder.Sample(i, 10));
        Assert.Equal([3, 4, 5, 6], Minutes(store));
        store.Add(SampleFolder.Sample(7, 200));
        Assert.Equal([4, 5, 6, 7], Minutes(store));
        store.Add(SampleFolder.Sample(8, 90));
        Assert.Equal([6, 7, 8], Minutes(store));
        Assert.Equal(new(3, 3, 300, SampleFolder.Start.AddMinutes(6), SampleFolder.Start.AddMinutes(8), 5), store.GetStatistics());

        // What was just stored stays, even if it is of an older time than the rest.
        store.Add(SampleFolder.Sample(0, 200));
        Assert.Equal([0, 8], Minutes(store));
    }

    [Fact]
    public void Add_OutOfBounds_IsRefused()
    {
        using SampleStore store = _folder.Open(new() { SampleQuota = 2, PayloadLimitInBytes = 100, SizeQuotaInBytes = 150 });
        Assert.Throws<ArgumentException>(() => store.Add(SampleFolder.Sample(1, 101)));
        Assert.Throws<ArgumentException>(() => store.Add([SampleFolder.Sample(1), SampleFolder.Sample(2), SampleFolder.Sample(3)]));
        Assert.Throws<ArgumentException>(() => store.Add([SampleFolder.Sample(1, 80), SampleFolder.Sample(2, 80)]));
        Assert.Throws<ArgumentException>(() => store.Add(SampleFolder.Sample(1) with { Source = new('x', 1025) }));
        Assert.ThrowsAny<ArgumentException>(() => store.Add(SampleFolder.Sample(1) with { Source = "\uD800" }));
        Assert.Throws<ArgumentException>(() => store.Add(SampleFolder.Sample(1) with { TimeToLive = TimeSpan.Zero }));
        Assert.Empty(store.List());
        Assert.Throws<OptionsValidationException>(() => _folder.Open(new() { SampleQuota = 0 }));
        Assert.Throws<OptionsValidationException>(() => _folder.Open(new() { TimeToLive = TimeSpan.Zero }));
    }

    [Fact]
    public void TimeToLive_Over_SampleIsGone()
    {
        using (SampleStore store = _folder.Open(new() { TimeToLive = TimeSpan.FromDays(10) }))
        {
            store.Add([SampleFolder.Sample(1), SampleFolder.Sample(2) with { TimeToLive = TimeSpan.FromDays(1) }, SampleFolder.Sample(3) with { TimeToLive = TimeSpan.MaxValue }]);
            long brief = store.List()[1].Id;
            _folder.Clock.Advance(TimeSpan.FromDays(1) - TimeSpan.FromTicks(1));
            Assert.Equal([1, 2, 3], Minutes(store));
            _folder.Clock.Advance(TimeSpan.FromTicks(1));
            Assert.Equal([1, 3], Minutes(store));
            Assert.Null(store.Find(brief));
            Assert.Null(store.Read(brief));
            Assert.False(store.SetLabel(brief, 1));
            Assert.Equal(1, store.RemoveExpired());
            Assert.Equal(0, store.RemoveExpired());
        }

        _folder.Clock.Advance(TimeSpan.FromDays(10));
        using (SampleStore store = _folder.Open())
        {
            Assert.Equal([3], Minutes(store));
            Assert.Equal(0, store.RemoveExpired());
        }
    }

    [Fact]
    public void SetLabelAndConsent_SurviveReopening()
    {
        long id;
        using (SampleStore store = _folder.Open())
        {
            id = store.Add(SampleFolder.Sample(1) with { Label = null, Consent = SampleConsent.Withheld });
            Assert.False(store.Find(id)!.IsTrainable);
            Assert.True(store.SetLabel(id, 9));
            Assert.True(store.SetLabel(id, 9));
            Assert.False(store.Find(id)!.IsTrainable);
            Assert.True(store.SetConsent(id, SampleConsent.Given));
            Assert.False(store.SetConsent(id + 1, SampleConsent.Given));
        }

        using (SampleStore store = _folder.Open())
        {
            Assert.True(store.Find(id) is { IsTrainable: true, Label: 9 });
            Assert.Equal(SampleFolder.Payload(1), store.Read(id));
            store.SetLabel(id, null);
            Assert.Null(store.Find(id)!.Label);
        }
    }

    [Fact]
    public void Forget_SampleSourceAndSpan_LeavesTheOthers()
    {
        using SampleStore store = _folder.Open();
        IReadOnlyList<long> ids = store.Add([.. Enumerable.Range(0, 10).Select(i => SampleFolder.Sample(i))]);
        Assert.True(store.Forget(ids[4]));
        Assert.False(store.Forget(ids[4]));
        Assert.Equal(5, store.ForgetSource("source 1"));
        Assert.Equal([0, 2, 6, 8], Minutes(store));
        Assert.Equal(2, store.ForgetSpan(SampleFolder.Start.AddMinutes(2), SampleFolder.Start.AddMinutes(8)));
        Assert.Equal([0, 8], Minutes(store));
        Assert.Equal(0, store.ForgetSource("nobody"));
        Assert.True(store.Add(SampleFolder.Sample(3)) > ids[^1]);
    }

    [Fact]
    public async Task EnumerateAsync_Span_GivesContentsInOrderOfTime()
    {
        using SampleStore store = _folder.Open();
        store.Add([.. new[] { 4, 0, 3, 1, 2 }.Select(i => SampleFolder.Sample(i))]);
        List<int> seen = [];
        await foreach (SampleContent content in store.EnumerateAsync(SampleFolder.Start.AddMinutes(1), SampleFolder.Start.AddMinutes(4)))
        {
            int i = (int)(content.Sample.Time - SampleFolder.Start).TotalMinutes;
            seen.Add(i);
            Assert.Equal(SampleFolder.Payload(i), content.Payload.ToArray());

            // Gone before its turn: left out, not an error.
            if (i == 1)
                store.Forget(store.List()[2].Id);
        }

        Assert.Equal([1, 3], seen);
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (SampleContent _ in store.EnumerateAsync(cancellationToken: cancelled.Token))
            {
            }
        });
    }

    [Fact]
    public void Split_Fraction_HoldsOutTheNewestTrainable()
    {
        using SampleStore store = _folder.Open();
        store.Add([.. Enumerable.Range(0, 10).Reverse().Select(i => SampleFolder.Sample(i) with { Consent = i == 9 ? SampleConsent.Withheld : SampleConsent.Given, Label = i == 8 ? null : 1 })]);
        SampleSplit split = store.Split(0.25);
        Assert.Equal(6, split.Train.Length);
        Assert.Equal([SampleFolder.Start.AddMinutes(6), SampleFolder.Start.AddMinutes(7)], split.HoldOut.Select(s => s.Time));
        Assert.True(split.Train[^1].Time < split.HoldOut[0].Time);
        Assert.Throws<ArgumentOutOfRangeException>(() => store.Split(1.1));
    }

    [Fact]
    public void Dispose_Twice_ThenUse_Throws()
    {
        SampleStore store = _folder.Open();
        store.Dispose();
        store.Dispose();
        Assert.Throws<ObjectDisposedException>(store.List);
        Assert.Throws<ObjectDisposedException>(() => store.Add(SampleFolder.Sample(1)));
        Assert.Throws<ObjectDisposedException>(store.ForgetAll);
    }

    [Fact]
    public async Task Add_ByManyThreads_LosesNothing()
    {
        const int Threads = 4;
        const int Each = 25;
        using (SampleStore store = _folder.Open())
        {
            await Task.WhenAll(Enumerable.Range(0, Threads).Select(t => Task.Run(() =>
            {
                for (int i = 0; i < Each; i++)
                {
                    long id = store.Add(SampleFolder.Sample((t * Each) + i));
                    Assert.Equal(SampleFolder.Payload((t * Each) + i), store.Read(id));
                    if (i % 5 == 0)
                        Assert.True(store.Forget(id));
                }
            })));
        }

        using (SampleStore store = _folder.Open())
        {
            Assert.Equal(Enumerable.Range(0, Threads * Each).Where(i => i % Each % 5 != 0), Minutes(store));
            Assert.True(store.Verify() is { IsIntact: true, Samples: Threads * Each * 4 / 5 });
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void RandomOperations_WithReopening_MatchAListInMemory(int seed)
    {
        const int Quota = 12;
        var random = new Random(seed);
        Dictionary<long, (StoredSample Sample, byte[] Payload)> model = [];
        SampleStore store = _folder.Open(new() { SampleQuota = Quota });
        try
        {
            for (int step = 0; step < 250; step++)
            {
                long any = model.Count == 0 ? 1 : model.Keys.ElementAt(random.Next(model.Count));
                switch (random.Next(8))
                {
                    case 0 or 1 or 2:
                        NewSample sample = SampleFolder.Sample(random.Next(1000), random.Next(0, 9000));
                        long id = store.Add(sample);
                        while (model.Count >= Quota)
                            model.Remove(model.Values.MinBy(m => (m.Sample.Time, m.Sample.Id)).Sample.Id);
                        model.Add(id, (store.Find(id)!, sample.Payload.ToArray()));
                        break;
                    case 3:
                        Assert.Equal(model.Remove(any), store.Forget(any));
                        break;
                    case 4 when model.Count > 0:
                        long? label = random.Next(2) == 0 ? null : random.Next();
                        Assert.True(store.SetLabel(any, label));
                        model[any] = (model[any].Sample with { Label = label }, model[any].Payload);
                        break;
                    case 5 when random.Next(4) == 0:
                        string source = "source " + random.Next(2);
                        Assert.Equal(model.Values.Count(m => m.Sample.Source == source), store.ForgetSource(source));
                        foreach (long gone in model.Values.Where(m => m.Sample.Source == source).Select(m => m.Sample.Id).ToList())
                            model.Remove(gone);
                        break;
                    case 6:
                        store.Dispose();
                        store = _folder.Open(new() { SampleQuota = Quota });
                        break;
                }

                Assert.True(model.Values.Select(m => m.Sample).OrderBy(s => (s.Time, s.Id)).SequenceEqual(store.List()), $"seed {seed}, step {step}");
            }

            foreach ((long id, (_, byte[] payload)) in model)
                Assert.Equal(payload, store.Read(id));
            Assert.True(store.Verify().IsIntact);
        }
        finally
        {
            store.Dispose();
        }
    }

    private static IEnumerable<int> Minutes(SampleStore store) => store.List().Select(s => (int)(s.Time - SampleFolder.Start).TotalMinutes);
}
