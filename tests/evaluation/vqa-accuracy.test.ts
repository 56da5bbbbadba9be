// The accuracy formula and the normalization of answers, on cases worked out by hand from the authors' definition:
// arXiv 1505.00468, section 3 and appendix, and the rules of their evaluation script (punctuation, articles, number
// words, contractions).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exactMatch, normalizeAnswer, VqaAccuracyError, vqaAccuracy } from '../../lib/evaluation/vqa-accuracy';

const times = (count: number, answer: string): string[] => Array.from({ length: count }, () => answer);
/** Sums of ten thirds in floating point. */
const TOLERANCE = 1e-12;

function near(got: number, expected: number, what: string): void {
  assert.ok(Math.abs(got - expected) < TOLERANCE, `${what}: got ${got}, expected ${expected}`);
}

test('leave one out: min(1, others / 3), averaged over ten', () => {
  // With n of ten people: the n who said it see n - 1 others, the 10 - n see n.
  const expected = [0, 0.3, 0.6, 0.9, 1, 1, 1, 1, 1, 1];
  expected.forEach((value, n) =>
    near(vqaAccuracy('2', [...times(n, '2'), ...times(10 - n, '3')]), value, `${n} of ten`),
  );
  assert.equal(vqaAccuracy('yes', times(10, 'yes')), 1);
  assert.equal(vqaAccuracy('no', times(10, 'yes')), 0);
});

test('the order of the ten does not matter, and other answers do not', () => {
  near(
    vqaAccuracy('red', ['red', 'blue', 'green', 'red', 'white', 'black', 'pink', 'gray', 'red', 'tan']),
    0.9,
    'three, scattered',
  );
  near(
    vqaAccuracy('red', ['blue', 'green', 'red', 'white', 'black', 'pink', 'gray', 'tan', 'teal', 'gold']),
    0.3,
    'one',
  );
});

test('normalized answers of different writing count together', () => {
  near(vqaAccuracy('Two', [...times(5, '2'), ...times(5, 'two.')]), 1, 'numbers');
  near(vqaAccuracy('the dog', ['dog', 'a dog', 'Dog!', ...times(7, 'cat')]), 0.9, 'articles and punctuation');
  near(vqaAccuracy('t-shirt', ['t shirt', 'T-Shirt', ...times(8, 'coat')]), 0.6, 'a hyphen');
  near(vqaAccuracy('dont know', ["don't know", ...times(9, 'yes')]), 0.3, 'a contraction');
});

test('where everybody said the same, the texts are compared as they are', () => {
  assert.equal(vqaAccuracy('2', times(10, 'two')), 0);
  assert.equal(vqaAccuracy('Yes', times(10, 'yes')), 0);
  assert.equal(vqaAccuracy(' yes\n', times(10, 'yes ')), 1); // spaces around are taken off first
});

test('answers of fewer people, and of none', () => {
  near(vqaAccuracy('red', ['red', 'red', 'blue']), (1 / 3 + 1 / 3 + 2 / 3) / 3, 'two of three');
  assert.throws(() => vqaAccuracy('red', []), VqaAccuracyError);
  assert.throws(() => exactMatch('red', []), VqaAccuracyError);
});

test('articles and number words', () => {
  for (const [answer, expected] of [
    ['The Beach', 'beach'],
    ['a an the', ''],
    ['an apple', 'apple'],
    ['theater', 'theater'],
    ['on the left', 'on left'],
    ['none', '0'],
    ['zero', '0'],
    ['TEN', '10'],
    ['one', '1'],
    ['eleven', 'eleven'],
    ['someone', 'someone'],
    ['two or three', '2 or 3'],
    ['constructor', 'constructor'], // a name that plain objects inherit
  ])
    assert.equal(normalizeAnswer(answer), expected, JSON.stringify(answer));
});

test('punctuation: gone beside a space and in numbers, else a space; full stops unless a digit follows', () => {
  for (const [answer, expected] of [
    ['3.5', '3.5'],
    ['.5', '.5'],
    ['yes.', 'yes'],
    ['u.s.', 'us'],
    ['st. louis', 'st louis'],
    ['3. 5', '3 5'],
    ['1,000', '1000'],
    ['1,000 red/white', '1000 redwhite'],
    ['red,white', 'red white'],
    ['red, white', 'red white'],
    ['red/white', 'red white'],
    ['red / white', 'red white'],
    ['red/ white/blue', 'red whiteblue'],
    ['(left)', 'left'],
    ['t-shirt', 't shirt'],
    ['  spaced\n out\t', 'spaced out'],
    ['Two dogs, dont!', "2 dogs don't"],
    ['what?', 'what'],
    ['a;b', 'b'],
    ['{x}', 'x'],
    ['5:30', '5:30'],
    ['$5', '$5'],
    ['50%', '50%'],
    ['r&b', 'r&b'],
    ["dog's", "dog's"], // : $ % & ' stay
  ])
    assert.equal(normalizeAnswer(answer), expected, JSON.stringify(answer));
});

test('contractions get one forgotten apostrophe back, those of the list alone', () => {
  for (const [answer, expected] of [
    ['wont', "won't"],
    ["couldnt've", "couldn't've"],
    ["couldn'tve", "couldn't've"],
    ['twas', "'twas"],
    ['oclock', "o'clock"],
    ["yall'd've", "y'all'd've"],
    ["ow's'at", "'ow's'at"],
    ['somebodys', "somebody's"],
    ["somebody'd", 'somebodyd'], // a slip of the list, kept
    ['couldntve', 'couldntve'],
    ['yallll', 'yallll'], // two forgotten: not in the list
    ['its', 'its'],
    ['were', 'were'],
    ['hell', 'hell'],
    ['lets', 'lets'],
    ['shes', 'shes'],
    ['im', 'im'],
    ['ive', 'ive'],
    ["don't", "don't"],
  ])
    assert.equal(normalizeAnswer(answer), expected, JSON.stringify(answer));
});

test('exact match takes the most frequent answer, the first of equals', () => {
  assert.ok(exactMatch('two', ['2']));
  assert.ok(!exactMatch('3', ['2']));
  assert.ok(exactMatch('red', ['blue', 'red', 'Red']));
  assert.ok(exactMatch('blue', ['blue', 'red']));
  assert.ok(!exactMatch('', ['2']));
});
