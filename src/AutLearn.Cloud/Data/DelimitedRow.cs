namespace AutLearn.Cloud.Data;

/// <summary>A row of a table in text.</summary>
/// <param name="Line">Its first line, from 1.</param>
/// <param name="Cells">Its cells, without quotes.</param>
internal readonly record struct DelimitedRow(int Line, string[] Cells);
