/**
 * Finds out when a model is to be believed, and writes it into the model's config.json:
 *
 *     npm run bench -- doubt PHOTOS CAPTIONS.json [PHOTOS CAPTIONS.json …] [--judged FILE] [--model DIR] [--write]
 *
 * A caption counts as right where its CIDEr-D against people's captions is at least 0.5 (of 10); a word of the picture where
 * one of three or more people used it too, by its stem. Two logistic regressions over the signals of `doubt.ts` are fitted
 * to that. All figures printed are of photos that a fit did not see (ten folds). `--judged` is a list of captions judged by
 * eye, by which both bounds are chosen: captions are sure as far as nine of ten of them are not wrong; of the words the fifth
 * that is least likely is doubtful.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'
import { stem } from '../src-main/contract/stem.ts'
import { captionSignals, isFunctionWord, wordSignals } from '../src-main/engine/captioning/doubt.ts'
import type { GeneratedCaption } from '../src-main/engine/captioning/generated-caption.ts'
import { scoreCaptions, wordsOf } from '../src-main/engine/training/metrics.ts'
import { captionPhotos, openLabelledPhotos } from './labelled-photos.ts'
import { areaUnderCurve, crossPredict, type Fit, fitLogistic, predict } from './logistic-regression.ts'

const rightFrom = 0.5
const notWrongWanted = 0.9
const doubtfulShare = 0.2
const shares = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]

const functionWords = (
  'a an and are around as at be behind by down for from front her his in inside into is it its near next of on ' +
  'out outside over some that the their there they this through to top under up while who with'
).split(' ')

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    model: { type: 'string', default: new URL('../models/lenslore-v1', import.meta.url).pathname },
    judged: { type: 'string' },
    threads: { type: 'string', default: '2' },
    write: { type: 'boolean', default: false },
  },
})
if (positionals.length === 0 || positionals.length % 2 === 1) {
  console.error(
    'usage: npm run bench -- doubt PHOTOS CAPTIONS.json … [--judged FILE] [--model DIR] [--write]',
  )
  process.exit(2)
}

interface Example {
  set: string
  name: string
  caption: GeneratedCaption
  references: string[]
  cider: number
}

interface Verdict {
  set: string
  name: string
  caption: string
  verdict: 'right' | 'half' | 'wrong'
  falseWords: string[]
}

const examples: Example[] = []
for (let at = 0; at < positionals.length; at += 2) {
  examples.push(...(await readSet(positionals[at]!, positionals[at + 1]!)))
}
const verdicts: Verdict[] = values.judged ? JSON.parse(await readFile(values.judged, 'utf8')) : []
const judged = examples.flatMap(({ set, name, caption }, index) => {
  const verdict = verdicts.find((each) => each.set === set && each.name === name)
  if (verdict && verdict.caption !== caption.text) {
    console.log(`${set}/${name} was judged by other words: ${verdict.caption}`)
  }
  return verdict?.caption === caption.text ? [{ index, verdict }] : []
})

const caption = calibrateCaptions()
const word = calibrateWords()
if (values.write) {
  const path = join(values.model, 'config.json')
  const config = JSON.parse(await readFile(path, 'utf8'))
  config.doubt = { caption, word, function_words: functionWords }
  await writeFile(path, `${JSON.stringify(config)}\n`)
}

async function readSet(photosPath: string, captionsPath: string): Promise<Example[]> {
  await using photos = await openLabelledPhotos(photosPath, captionsPath)
  const { names, references, directory } = photos
  const captions: GeneratedCaption[] = []
  const paths = names.map((name) => join(directory, name))
  for await (const each of captionPhotos(paths, values.model, Number(values.threads))) {
    captions.push(each.caption)
  }
  const { ciderPerPicture } = scoreCaptions(
    names.map((name, index) => ({
      candidate: wordsOf(captions[index]!.text),
      references: references[name]!.map(wordsOf),
    })),
  )
  return names.map((name, index) => ({
    set: basename(captionsPath, '.json'),
    name,
    caption: captions[index]!,
    references: references[name]!,
    cider: ciderPerPicture[index]!,
  }))
}

function calibrateCaptions() {
  const names = Object.keys(captionSignals) as (keyof typeof captionSignals)[]
  const rows = examples.map((example) => names.map((name) => captionSignals[name](example.caption)))
  const labels = examples.map(({ cider }) => cider >= rightFrom)
  console.log(`captions, right where CIDEr-D >= ${rightFrom}: precision by the share that is kept`)
  for (const [title, chosen] of [
    ['least likely word alone', ['leastWord']],
    ['all but the similarity', names.filter((name) => name !== 'similarity')],
    ['similarity alone', ['similarity']],
    ['all signals', names],
  ] as [string, string[]][]) {
    const some = rows.map((row) => row.filter((_, at) => chosen.includes(names[at]!)))
    const predicted = crossPredict(some, labels)
    for (const set of new Set(examples.map((example) => example.set))) {
      const within = examples.flatMap((example, index) => (example.set === set ? [index] : []))
      const of = <T>(all: readonly T[]) => within.map((index) => all[index]!)
      printCurve(`${title}, ${set}`, of(predicted), of(labels))
    }
    const byEye = judged.map(({ index }) => predicted[index]!)
    if (byEye.length === 0) continue
    for (const [name, verdictsMeant] of [
      ['right', ['right']],
      ['not wrong', ['right', 'half']],
    ] as const) {
      const meant = judged.map(({ verdict }) =>
        (verdictsMeant as readonly string[]).includes(verdict.verdict),
      )
      printCurve(`${title}, judged by eye: ${name}`, byEye, meant)
    }
  }
  const predicted = crossPredict(rows, labels)
  return { ...describe(fitLogistic(rows, labels), names), sure_from: round(chooseBound(predicted)) }
}

/** The least probability down to which nine of ten judged captions are not wrong; a half where none was judged. */
function chooseBound(predicted: readonly number[]): number {
  const order = judged.toSorted((a, b) => predicted[b.index]! - predicted[a.index]!)
  let bound = 0.5
  let kept = 0
  for (const [at, { index, verdict }] of order.entries()) {
    if (verdict.verdict !== 'wrong') kept++
    if (kept / (at + 1) >= notWrongWanted) bound = predicted[index]!
  }
  const share = predicted.filter((p) => p >= bound).length / predicted.length
  console.log(`sure from ${bound.toFixed(3)}: ${(share * 100).toFixed(0)} % of all captions`)
  return bound
}

function calibrateWords() {
  const names = Object.keys(wordSignals) as (keyof typeof wordSignals)[]
  const telling = (example: Example) =>
    example.caption.words.filter(({ text }) => !isFunctionWord(text, functionWords))
  const rowsOf = (example: Example) =>
    telling(example).map((each) => names.map((name) => wordSignals[name](each, example.caption)))
  const described = examples.filter(({ references }) => references.length >= 3)
  const rows = described.flatMap(rowsOf)
  const labels = described.flatMap((example) => {
    const used = new Set(example.references.flatMap(wordsOf).map(stem))
    return telling(example).map(({ text }) => wordsOf(text).every((each) => used.has(stem(each))))
  })
  const predicted = crossPredict(rows, labels)
  console.log('words, right where people used them too: precision by the share that is kept')
  printCurve('all signals', predicted, labels)
  const fit = fitLogistic(rows, labels)
  const bound = predicted.toSorted((a, b) => a - b)[Math.floor(predicted.length * doubtfulShare)]!
  console.log(`sure from ${bound.toFixed(3)}`)
  printJudgedWords(fit, bound, telling, rowsOf)
  return { ...describe(fit, names), sure_from: round(bound) }
}

function printJudgedWords(
  fit: Fit,
  bound: number,
  telling: (example: Example) => GeneratedCaption['words'],
  rowsOf: (example: Example) => number[][],
): void {
  const counts = { doubtful: { all: 0, false: 0 }, sure: { all: 0, false: 0 } }
  for (const { index, verdict } of judged) {
    const example = examples[index]!
    const falseWords = new Set(verdict.falseWords.flatMap(wordsOf))
    const rows = rowsOf(example)
    for (const [at, each] of telling(example).entries()) {
      const count = counts[predict(fit, rows[at]!) < bound ? 'doubtful' : 'sure']
      count.all++
      if (wordsOf(each.text).some((text) => falseWords.has(text))) count.false++
    }
  }
  for (const [name, count] of Object.entries(counts)) {
    if (count.all === 0) continue
    const percent = ((count.false / count.all) * 100).toFixed(0)
    console.log(`  judged by eye, ${name}: ${count.false} of ${count.all} false (${percent} %)`)
  }
}

function describe({ bias, columns }: Fit, names: readonly string[]) {
  return {
    bias: round(bias),
    signals: Object.fromEntries(
      columns.map(({ mean, deviation, weight }, at) => [
        names[at]!,
        { mean: round(mean), deviation: round(deviation), weight: round(weight) },
      ]),
    ),
  }
}

function printCurve(title: string, scores: readonly number[], labels: readonly boolean[]): void {
  const order = labels
    .map((label, index) => ({ label, score: scores[index]! }))
    .sort((a, b) => b.score - a.score)
  const precision = shares.map((share) => {
    const kept = order.slice(0, Math.round(order.length * share))
    return `${(share * 100).toFixed(0)}:${((kept.filter(({ label }) => label).length / kept.length) * 100).toFixed(0)}`
  })
  console.log(`  ${title}: AUC ${areaUnderCurve(scores, labels).toFixed(3)}, ${precision.join(' ')}`)
}

function round(value: number): number {
  return Number(value.toPrecision(5))
}
