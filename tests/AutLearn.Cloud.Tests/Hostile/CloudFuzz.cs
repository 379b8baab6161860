using System.IO.Compression;
using System.Text;
using AutLearn.Augment.Text;
using AutLearn.Cloud.Augmentation;
using AutLearn.Cloud.Data;
using AutLearn.Cloud.Pretraining;
using AutLearn.Cloud.Sentences;
using AutLearn.Cloud.Synonyms;
using AutLearn.Cloud.Tables;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Testing.Hostile;
using AutLearn.Text;

namespace AutLearn.Cloud.Tests.Hostile;

/// <summary>Every file that the tool reads besides models and pictures.</summary>
internal static class CloudFuzz
{
    public static IEnumerable<FuzzTarget> Targets(string folder)
    {
        byte[] idx = [0, 0, 8, 3, 0, 0, 0, 8, 0, 0, 0, 4, 0, 0, 0, 4, .. new byte[128]];
        yield return new("IdxFile.Read", [idx, Zip(idx)], b => IdxFile.Read(new MemoryStream(b), "fuzzed"), IsRefusal);
        byte[] lines = Encoding.UTF8.GetBytes("a first line\tof text, with Ümlauts\n\nanother\r\nand a last one without an end");
        yield return File(folder, "lines.txt", lines, p => Encode(SentenceFile.Read(p, LabelNeed.Ignored)));
        yield return File(folder, "lines.txt.gz", Zip(lines), p => SentenceFile.Read(p, LabelNeed.Ignored));
        byte[] table = Encoding.UTF8.GetBytes("id,text,label\n1,\"a text, with \"\"quotes\"\"\nand lines\",good\n2,another,bad\n");
        yield return File(folder, "table.csv", table, p => SentenceFile.Read(p, LabelNeed.Needed));
        yield return File(folder, "table.csv.gz", Zip(table), p => SentenceFile.Read(p, LabelNeed.Needed));
        yield return File(folder, "sentences.tsv", Encoding.UTF8.GetBytes("good\tI like it.\nbad\tI do not.\n"), p => SentenceFile.Read(p, LabelNeed.Needed));
        System.IO.File.WriteAllBytes(Path.Combine(folder, "1.png"), []);
        yield return File(folder, "photos.csv", Encoding.UTF8.GetBytes("file,label,split\n1.png,cat,train\n\"1.png\",dog,test\n"), p => ImageTable.Open(p, []));
        yield return File(folder, "photos.tsv", Encoding.UTF8.GetBytes("path\tclass\n1.png\tcat\n1.png\tdog\n"), p => ImageTable.Open(p, ["cat", "dog"]));
        byte[] numbers = Encoding.UTF8.GetBytes("rooms;width;price;kind\n1;2.5;3e4;hut\n2;3;5;\"villa\"\n");
        yield return File(folder, "numbers.csv", numbers, p => NumberTable.Read(p, ["price"], [], ["kind"], areTargetsNeeded: true, skipsBad: false).Numbers(areTags: false));
        yield return File(folder, "tags.csv", Encoding.UTF8.GetBytes("x,loud,slow\n1,0,yes\n2,1,no\n"), p => NumberTable.Read(p, ["loud", "slow"], [], [], areTargetsNeeded: true, skipsBad: true).Numbers(areTags: true));
        yield return File(folder, "kinds.tsv", Encoding.UTF8.GetBytes("x\tkind\n1\thut\n2\tvilla\n"), p => NumberTable.Read(p, ["kind"], [], [], areTargetsNeeded: true, skipsBad: false) is var table ? table.Labels(table.Classes()) : null!);
        yield return new("ModelNotes.Table", ["""{"features":["a","b"],"targets":["c"],"loss":"l1"}"""u8.ToArray()], Note, e => e is InvalidModelException);
        yield return new("WordVocabulary.Parse", ["<unk>\n<eol>\nword\nüber\n"u8.ToArray()], b => WordVocabulary.Parse(b), e => e is FormatException);
        yield return File(folder, "classes.txt", Encoding.UTF8.GetBytes("cat\ndog\n"), p => ClassNames.Read(p));
        yield return File(folder, "classes.tsv", Encoding.UTF8.GetBytes("number\tname\n0\tcat\n1\tdog\n"), p => ClassNames.Read(p));
        yield return File(folder, "synonyms.tsv", Encoding.UTF8.GetBytes("large\tbig\nquick\tfast\n"), SynonymFile.Open);
        Dictionary<string, string> wordNet = new()
        {
            ["data.noun"] = "00001740 03 n 02 car 0 auto 0 000 | a vehicle\n",
            ["index.noun"] = "car n 1 0 1 1 00001740\nauto n 1 0 1 0 00001740\n",
            ["noun.exc"] = "cars car\n",
            ["cntlist.rev"] = "car%1:06:00:: 1 71\n",
        };
        foreach (string pos in (string[])["verb", "adj", "adv"])
            (wordNet[$"data.{pos}"], wordNet[$"index.{pos}"], wordNet[$"{pos}.exc"]) = ("", "", "");
        string dictionary = Directory.CreateDirectory(Path.Combine(folder, "dict")).FullName;
        foreach (string name in (string[])["data.noun", "index.noun", "noun.exc", "cntlist.rev"])
            yield return new($"WordNetCompiler, {name}", [Encoding.Latin1.GetBytes(wordNet[name])], b => Compile(dictionary, wordNet, name, b), e => e is InvalidDataException);
    }

    private static TableSpec Note(byte[] json)
    {
        var model = new OnnxModel(new OnnxGraph("g"), 18);
        model.Metadata = model.Metadata.SetItem(ModelNotes.TableKey, Encoding.UTF8.GetString(json));
        return ModelNotes.Table(model)!;
    }

    private static FuzzTarget File(string folder, string name, byte[] sound, Func<string, object> read)
    {
        string path = Path.Combine(folder, name);
        return new($"data file {name}", [sound], b =>
        {
            System.IO.File.WriteAllBytes(path, b);
            return read(path);
        }, IsRefusal);
    }

    private static long[] Encode(SentenceSet set)
    {
        string[] texts = [.. set.Sentences.Select(s => s.Text)];
        return TextLines.Tokens(texts, WordVocabulary.Of(texts, 8, WordVocabulary.UnknownWord), lineEnd: 0);
    }

    private static bool IsRefusal(Exception error) => error is DataFileException;

    private static byte[] Zip(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal))
            gzip.Write(bytes);
        return packed.ToArray();
    }

    private static SynonymTable Compile(string folder, Dictionary<string, string> sound, string name, byte[] bytes)
    {
        foreach ((string file, string content) in sound)
            System.IO.File.WriteAllBytes(Path.Combine(folder, file), file == name ? bytes : Encoding.Latin1.GetBytes(content));
        return WordNetCompiler.Compile(folder);
    }
}
