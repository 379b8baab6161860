// Writes Data/*: small tokenizers of both kinds in the form of a hub, and what Hugging Face's own library makes of some texts.
// npm install --prefix /tmp/hf @huggingface/tokenizers@0.2.0 && NODE_PATH=/tmp/hf/node_modules node tokenizer-reference.mjs
import { createRequire } from 'node:module';
import { writeFileSync } from 'node:fs';
const { Tokenizer } = createRequire(process.env.NODE_PATH + '/')('@huggingface/tokenizers');

const texts = [
  'Hello world!', 'unbelievable, playing', "it's don't", 'Café NAÏVE résumé', 'hello  world\tnew\nline', '今天 hello', '3.14 costs $5',
  'xyzzy quux', 'low lower lowest newest', ' leading blank', 'good 😂 day', '', '[SEP] <s> is text', 'The End.',
];
const wordPiece = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'hello', 'world', 'un', '##believ', '##able', 'play', '##ing', 'it', 'don', 's', 't', "'", '!', ',', '.', '$',
  'cafe', 'naive', 'resume', 'new', 'line', '今', '天', '3', '14', 'costs', '5', 'low', '##er', '##est', 'leading', 'blank', 'good', 'day', 'the', 'end', 'is', 'text', '[', ']', 'sep', '<', '>', 'x', '##y', '##z'];
const bert = {
  version: '1.0', added_tokens: [], normalizer: { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase: true },
  pre_tokenizer: { type: 'BertPreTokenizer' }, post_processor: null, decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
  model: { type: 'WordPiece', unk_token: '[UNK]', continuing_subword_prefix: '##', max_input_chars_per_word: 100, vocab: Object.fromEntries(wordPiece.map((p, i) => [p, i])) },
};

// GPT-2's letters for bytes, and merges that build a few words.
const printable = [...Array(256).keys()].filter(b => b >= 33 && b <= 126 || b >= 161 && b <= 172 || b >= 174);
const letters = [...Array(256).keys()].map(b => printable.includes(b) ? String.fromCharCode(b) : null);
for (let b = 0, n = 0; b < 256; b++) letters[b] ??= String.fromCharCode(256 + n++);
const merges = ['h e', 'l l', 'he ll', 'hell o', 'Ġ w', 'o r', 'Ġw or', 'l d', 'Ġwor ld', 'l o', 'lo w', 'e r', 'low er', 'e s', 'es t', 'Ġ low', 'Ġlow er', 'Ġlow est', "' s", "' t", 'i t', 'Ġ 5', 'Ã ©'];
const pieces = ['<s>', '<pad>', '</s>', ...letters, ...merges.map(m => m.replace(' ', ''))];
const gpt = {
  version: '1.0', added_tokens: [], normalizer: null, pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
  post_processor: null, decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
  model: { type: 'BPE', dropout: null, unk_token: null, continuing_subword_prefix: '', end_of_word_suffix: '', fuse_unk: false, vocab: Object.fromEntries(pieces.map((p, i) => [p, i])), merges },
};
for (const [name, json] of [['wordpiece', bert], ['bytepairs', gpt]]) {
  const tokenizer = new Tokenizer(json, {});
  writeFileSync(`Data/${name}.json`, JSON.stringify(json));
  writeFileSync(`Data/${name}-encodings.json`, JSON.stringify(texts.map(text => ({ text, ids: tokenizer.encode(text, { add_special_tokens: false }).ids })), null, 1) + '\n');
}
