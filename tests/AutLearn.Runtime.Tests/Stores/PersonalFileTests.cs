using AutLearn.Graph.Artifacts;
using AutLearn.Runtime.Stores;
using AutLearn.Testing;

namespace AutLearn.Runtime.Tests.Stores;

[Trait("Category", "Fault")]
public sealed class PersonalFileTests : IDisposable
{
    private static readonly byte[] Needle = "exactly the words that were typed"u8.ToArray();
    private readonly ProfileFolder _profile = new();
    private readonly string _path;

    public PersonalFileTests()
    {
        _path = _profile.File("hits.json");
        DeviceFileSystem.Instance.CreateFolder(_profile.Path);
    }

    public void Dispose() => _profile.Dispose();

    [Fact]
    public void Write_WithAndWithoutKey_ReadsBackAndHidesWithAKey()
    {
        PersonalFile.Write(_path, Needle);
        Assert.Equal([_path], _profile.Holding(Needle));
        Assert.Equal(Needle, PersonalFile.Read(_path));

        // A file from before there was a key is read, and sealed by the next write.
        Assert.Equal(Needle, PersonalFile.Read(_path, _profile.Key));
        PersonalFile.Write(_path, Needle, _profile.Key);
        Assert.Empty(_profile.Holding(Needle));
        Assert.Equal(Needle, PersonalFile.Read(_path, _profile.Key));
        Assert.Contains("sealed", Assert.Throws<InvalidArtifactException>(() => PersonalFile.Read(_path)).Message, StringComparison.Ordinal);
        File.Move(_path, _profile.File("answers.json"));
        Assert.Throws<InvalidArtifactException>(() => PersonalFile.Read(_profile.File("answers.json"), _profile.Key));
    }

    [Theory]
    [InlineData("hits.json.0123456789abcdef0123456789abcdef.tmp")]
    [InlineData("hits.json.new")]
    public void Sweep_WhatAKilledWriteLeft_IsOverwrittenAndGone(string name)
    {
        string leftover = _profile.File(name);
        string otherLink = LeaveWithLink(leftover);
        PersonalFile.Sweep(_path);
        Assert.False(File.Exists(leftover));
        Assert.True(File.ReadAllBytes(otherLink).AsSpan().IndexOfAnyExcept((byte)0) < 0);
    }

    [Theory]
    [InlineData("hits.json")]
    [InlineData("hits.json.bak")]
    [InlineData("hits.json.0123456789abcdef0123456789abcde.tmp")]
    [InlineData("hits.json.0123456789abcdef0123456789abcdeg.tmp")]
    [InlineData("other.json.0123456789abcdef0123456789abcdef.tmp")]
    [InlineData("hits.jsonx.new")]
    public void Sweep_OtherFiles_StayAsTheyAre(string name)
    {
        File.WriteAllBytes(_profile.File(name), Needle);
        PersonalFile.Sweep(_path);
        Assert.Equal(Needle, File.ReadAllBytes(_profile.File(name)));
    }

    [Fact]
    public void Sweep_AFileThatIsBeingWritten_Stays()
    {
        string live = _profile.File("hits.json.0123456789abcdef0123456789abcdef.tmp");
        using (new FileStream(live, FileMode.CreateNew, FileAccess.Write, FileShare.Delete))
        {
            PersonalFile.Sweep(_path);
            Assert.True(File.Exists(live));
        }

        PersonalFile.Sweep(_path);
        Assert.False(File.Exists(live));
    }

    [Fact]
    public void Erase_AFileWithLeftovers_OverwritesAllOfThem()
    {
        PersonalFile.Write(_path, Needle);
        string[] links = [LinkTo(_path), LeaveWithLink(_path + ".00000000000000000000000000000001.tmp"), LeaveWithLink(_path + ".new")];
        PersonalFile.Erase(_path);
        PersonalFile.Erase(_path);
        Assert.Empty(_profile.Files());
        Assert.All(links, l => Assert.True(File.ReadAllBytes(l).AsSpan().IndexOfAnyExcept((byte)0) < 0));
    }

    [Fact]
    public void Erase_ALink_LeavesWhatItPointsTo()
    {
        string target = _profile.Outside("target");
        File.WriteAllBytes(target, Needle);
        File.CreateSymbolicLink(_path, target);
        PersonalFile.Erase(_path);
        Assert.Equal(Needle, File.ReadAllBytes(target));
        Assert.Empty(_profile.Files());
    }

    [Fact]
    public void Write_ManyAtOnce_LeavesOneWholeContentAndNothingElse()
    {
        byte[][] contents = [.. Enumerable.Range(0, 4).Select(i => Enumerable.Repeat((byte)i, 20_000 + i).ToArray())];
        Parallel.For(0, 200, i => PersonalFile.Write(_path, contents[i % 4]));
        byte[] found = PersonalFile.Read(_path);
        Assert.Equal(contents[found[0]], found);
        Assert.Equal([_path], _profile.Files());
    }

    private string LeaveWithLink(string path)
    {
        File.WriteAllBytes(path, Needle);
        return LinkTo(path);
    }

    // Another name of the same blocks shows whether they were overwritten.
    private string LinkTo(string path)
    {
        string link = _profile.Outside(Path.GetFileName(path) + ".link");
        HardLink.Create(link, path);
        return link;
    }
}
