import type { LabelKind } from '../../src-main/contract/label-kinds.ts'
import type { Training } from '../../src-main/contract/rooms/teaching.ts'
import type { MeasuredChange } from '../../src-main/contract/training.ts'
import { onceAsked } from './once-asked.ts'
import { numbers, plural } from './plural.ts'
import { listed, quoted } from './quoted.ts'

const photos = (count: number) => plural(count, 'photo', 'photos')
const hundredths = onceAsked(
  () => new Intl.NumberFormat('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 }),
)
const tenths = onceAsked(
  () => new Intl.NumberFormat('en', { minimumFractionDigits: 1, maximumFractionDigits: 1 }),
)

type Verdict = NonNullable<Training['outcome']>['verdict']

export const teachText = {
  /** Under the heading: what there is to learn from. */
  about: (own: number) =>
    own === 0
      ? 'No photo has words of yours yet.'
      : `${photos(own)} ${own === 1 ? 'has' : 'have'} your own words.`,
  othersAbout: (count: number) =>
    `${numbers.format(count)} more got words of yours together with others, or from a file.`,
  begin:
    'Say what is on a few photos, or that the model is right. It learns from your words alone, on this machine, and shows whether it got better before anything changes.',
  side: { running: 'learning', share: (percent: number) => `${percent} %`, finished: 'verdict' },

  desk: {
    title: 'Label next',
    beside: 'Photos where your words help most',
    place: (place: number, of: number) => `${numbers.format(place)} of ${numbers.format(of)}`,
    photo: (words: string, place: string) => `${words} ${place}.`,
    right: 'This is right',
    skip: 'Skip',
    back: 'Back',
    queue: 'These photos in their order',
    states: { right: 'Right.', written: 'Your words.', skipped: 'Skipped.' },
    keysWhileTyping: 'saves and goes on',
    looking: 'Looking for photos that are worth your words.',
    none: 'No photo with a caption of the model is left that is worth more words. They come as photos are captioned.',
    more: 'Look for more',
    noPicture: 'The picture cannot be shown at present.',
  },

  labels: {
    title: 'In your words',
    kinds: {
      own: 'Typed, chosen or confirmed for that one photo',
      batch: 'Set for several photos at once',
      replaced: 'With words that were replaced',
      imported: 'From a file or a table',
      sidecar: 'Read back from files beside photos',
    } satisfies Record<LabelKind, string>,
    newest: 'The newest',
    more: 'Show more',
    show: (words: string) => `${words} Show the photo.`,
  },

  train: {
    title: 'Train',
    start: 'Train',
    again: 'Train again',
    cancel: 'Cancel',
    from: (count: number) => `It learns from ${photos(count)} in your words.`,
    heldBack: (isEach: boolean) =>
      isEach
        ? 'Each of them is also kept back once, to test on a photo that was not learned.'
        : 'Some of them are kept back, to test on photos that were not learned.',
    tooFew: (own: number, fewest: number) =>
      `${plural(own, 'photo is', 'photos are')} too few to test with. From ${numbers.format(fewest)} on that differ it can be told whether it got better; about 20 are a good beginning.`,
    nothing: 'Nothing to learn from yet.',
    also: 'Learn also from captions that were',
    alsoKinds: {
      batch: (count: number) => `set for several photos at once (${numbers.format(count)})`,
      replaced: (count: number) => `changed by replacing words (${numbers.format(count)})`,
      imported: (count: number) => `taken from a file or a table (${numbers.format(count)})`,
      sidecar: (count: number) => `read back from files beside photos (${numbers.format(count)})`,
    } satisfies Record<Exclude<LabelKind, 'own'>, (count: number) => string>,
    alsoWhat: 'They are learned, and never used to test.',
    more: 'More',
    passes: 'Passes over your words, at most',
    passesUsual: 'usual',
    passesWhat: 'Fewer are quicker and learn less. It stops by itself when it gets no better.',
    here: 'Runs on this machine. Captions and search go on meanwhile.',
    phases: {
      remember: 'Looking at the photos',
      replay: 'Noting what it said before',
      train: 'Learning',
      refine: 'Comparing what it would say',
      evaluate: 'Learning',
    },
    ofPhotos: (done: number, total: number) => `${numbers.format(done)} of ${photos(total)}`,
    ofSteps: (done: number, total: number) => `step ${numbers.format(done)} of ${numbers.format(total)}`,
    trainings: (training: number, of: number) =>
      training === of
        ? 'The last of all: it learns from all your words.'
        : `Trial ${numbers.format(training)} of ${numbers.format(of - 1)}, each without some photos to test with.`,
    elsewhere: 'It is being prepared, or runs in another program on this library.',
    resumed: (times: number) =>
      `It was cut off ${times === 1 ? 'once' : plural(times, 'time', 'times')}, and goes on where it was.`,
    /** Told by a screen reader, and nothing between. */
    spoken: (phase: string, quarter: number) =>
      quarter === 0 ? `${phase}.` : `${phase}: ${numbers.format(quarter * 25)} percent.`,
    states: {
      cancelled: 'The last training was cancelled. Nothing changed.',
      failed: 'The last training ended without a result. Nothing changed.',
      accepted: 'What came of the last training is in use.',
      discarded: 'What came of the last training was thrown away.',
    },
    ended: (ago: string) => `Ended ${ago}.`,
    began: 'Training has begun.',
    cancelled: 'Training is cancelled. Nothing changed.',
    facts: {
      loss: 'Loss',
      best: 'Best, kept back',
      speed: 'Speed',
      left: 'Left',
      took: 'Took',
      steps: 'Steps',
    },
    perSecond: (rate: string, isSteps: boolean) => `${rate} ${isSteps ? 'steps' : 'photos'}/s`,
  },

  chart: {
    name: (loss: number | null, heldOut: number | null, best: { loss: number; step: number } | null) =>
      [
        'Loss by step: the lower, the closer to your words.',
        loss !== null && `Photos it learns from: ${hundredths().format(loss)}.`,
        heldOut !== null && `Photos kept back: ${hundredths().format(heldOut)}.`,
        best !== null &&
          `Lowest on photos kept back: ${hundredths().format(best.loss)}, at step ${numbers.format(best.step)}.`,
      ]
        .filter(Boolean)
        .join(' '),
    learning: 'learning',
    heldOut: 'kept back',
    steps: (count: number) => `${numbers.format(count)} steps`,
    what: 'Loss: the lower, the closer to your words.',
    table: 'As a table',
    columns: { step: 'Step', loss: 'Learning', heldOut: 'Kept back' },
    none: 'not measured',
  },

  verdict: {
    title: 'Before and after',
    beside: (count: number) => `on ${photos(count)} that ${count === 1 ? 'was' : 'were'} kept back`,
    waits: 'The verdict comes when training ends. It is read on photos that the training has never seen.',
    counts: (better: number, worse: number, same: number) =>
      `Better on ${numbers.format(better)}, worse on ${numbers.format(worse)}, the same on ${numbers.format(same)}.`,
    none: 'Nothing was kept back to test with.',
    means: {
      better: () => 'That is more than chance: its words are closer to yours.',
      'too-few': (count: number) =>
        count === 0
          ? 'With so few photos nobody can tell whether it got better. Label some more, about 20 in all.'
          : `${photos(count)} ${count === 1 ? 'is' : 'are'} too few to tell this from chance. With more labels it can be told.`,
      'not-better': () => '',
    } satisfies Record<Verdict, (count: number) => string>,
    /** Loudly, where it is not better. */
    notBetter: (kept: string | null) =>
      kept === null ? 'Not better. It stays as it came.' : `Not better. ${kept} stays.`,
    /** In words that need no figures. A difference that looks like a gain where the verdict is none is explained. */
    gain: ({ before, after, difference }: MeasuredChange, verdict: Verdict) => {
      const [from, to] = [difference.low, difference.high].map((each) => numbers.format(Math.round(each)))
      const said = `Closeness to your words (CIDEr): ${numbers.format(Math.round(before.mean))} before, ${numbers.format(Math.round(after.mean))} after. On other photos of yours the difference is likely between ${from} and ${to}.`
      return verdict === 'better' || difference.low <= 0
        ? said
        : `${said} A few photos alone can make such a difference: by itself it does not show that the words got closer.`
    },
    figures: 'The figures',
    rows: { cider: 'CIDEr, higher is closer', loss: 'Loss, lower is closer' },
    setRows: { cider: 'CIDEr, all together', bleu4: 'BLEU-4', rougeL: 'ROUGE-L' },
    columns: { figure: 'Figure', before: 'Before', after: 'After', difference: 'Difference' },
    spread: (mean: number, deviation: number) =>
      `${hundredths().format(mean)} ± ${hundredths().format(deviation)}`,
    score: (value: number) => tenths().format(value),
    difference: ({ mean, low, high }: MeasuredChange['difference']) =>
      `${hundredths().format(mean)}, from ${hundredths().format(low)} to ${hundredths().format(high)}`,
    spreadWhat:
      'After ± stands how much single photos differ (standard deviation). Beside the difference stands what it is in 95 of 100 draws of such photos.',
    steps: (kept: number, steps: number, parameters: number) =>
      `The adapter learned in ${plural(kept, 'step', 'steps')} of ${numbers.format(steps)} in all; ${numbers.format(parameters)} numbers were trained.`,
    stopped: {
      'held-out-loss': 'It stopped when the photos kept back got no better.',
      passes: 'It stopped after the last pass.',
    },
    unreadable: (count: number) => `${plural(count, 'photo', 'photos')} could not be read and took no part.`,
    name: 'Its name',
    suggested: (number: number) => `Home ${numbers.format(number)}`,
    use: 'Use it',
    useAnyway: 'Use it anyway',
    anywayTitle: 'Use it although it is not better?',
    anywayWhat:
      'The photos that were kept back do not show that its words are closer to yours. You can go back to the one before at any time.',
    discard: 'Discard',
    causes:
      'Using it writes the captions of the model again, the newest photos first. Yours stay as they are.',
    accepted: (name: string) => `${name} is in use. The captions of the model are written again.`,
    discarded: 'It is thrown away. Nothing changed.',
    taking: 'It is being taken into use.',
  },

  pairs: {
    columns: { photo: 'Photo', own: 'Your words', before: 'Before', after: 'After', verdict: 'Verdict' },
    comparisons: { better: 'better', worse: 'worse', same: 'same' },
    gone: 'No longer in the library',
    show: (words: string) => `Show the photo: ${words}`,
    all: (count: number) => `All ${numbers.format(count)}`,
    nothing: 'without words',
  },

  changes: {
    title: 'What it says now',
    beside: (count: number) => photos(count),
    none: 'No caption has changed yet. They are written again one by one, the newest photos first.',
    label: 'Photos that are described in other words',
  },

  names: {
    title: 'Names it learned',
    none: 'None yet. A name needs about twenty photos in whose captions it stands.',
    in: (count: number) => `in ${plural(count, 'adapter', 'adapters')}`,
    what: 'A captioner knows a name by what pictures look like. It can mistake one brown dog for another.',
    forget: 'Forget',
    forgetOf: (name: string) => `Forget “${name}”`,
    forgetTitle: (name: string) => `Forget “${name}”?`,
    forgetWhat: (adapters: readonly string[], isActive: boolean) =>
      [
        `${listed(adapters)} learned it.`,
        isActive ? 'What captions now goes on without it, as another adapter.' : 'None of them captions now.',
        'What else they learned stays in them until they are discarded. Your own words stay. It is not learned again unless you ask for it.',
      ].join(' '),
    forgotten: (name: string, left: readonly string[]) =>
      left.length === 0
        ? `“${name}” is forgotten.`
        : `“${name}” is forgotten. ${listed(left)} ${left.length === 1 ? 'has' : 'have'} learned it: train anew, or discard.`,
    learn: 'Names to learn',
    learnWhat:
      'Found in your words by their capitals. Only those that are ticked are learned; people only where you ask for it.',
    photos: (text: string, count: number) => `${text} (${photos(count)})`,
    person: 'a person',
    personOf: (name: string) => `${name} is a person`,
    wasForgotten: 'forgotten before',
    all: (count: number) => `All ${numbers.format(count)} names`,
    outcome: 'Names it knows now',
    recognised: (name: string, recognised: number, tested: number, low: number, high: number) =>
      `${name}: recognised on ${numbers.format(recognised)} of ${photos(tested)} that were kept back. Of 100 others likely on ${numbers.format(Math.round(low * 100))} to ${numbers.format(Math.round(high * 100))}.`,
  },

  offers: {
    title: 'More of what you named',
    beside: 'Photos that look like those with a name',
    may: (name: string, count: number) => `${numbers.format(count)} more that may be ${name}`,
    by: (count: number) => `by ${plural(count, 'photo', 'photos')} of yours`,
    yes: 'Yes',
    no: 'No',
    yesTo: (name: string) => `This is ${name}`,
    noTo: (name: string) => `This is not ${name}, and is not asked again`,
    yesOf: (name: string, words: string) => `Yes, ${name}: ${words}`,
    noOf: (name: string, words: string) => `No, not ${name}: ${words}`,
    all: (name: string, count: number) =>
      count === 1 ? `Yes, this one is ${name}` : `Yes, all ${numbers.format(count)} in sight are ${name}`,
    accepted: (name: string, count: number) => `${photos(count)} named “${name}”. Undo takes it back.`,
    refused: (name: string, count: number) =>
      `${photos(count)} ${count === 1 ? 'is' : 'are'} not “${name}”, and not asked of again.`,
    refusedHere: (name: string, count: number) => `${photos(count)} not ${name}.`,
    askAgain: 'Ask again',
    none: 'No other photo plausibly shows what you gave a name. More come as you name more.',
    more: (count: number) => `Look for ${plural(count, 'more name', 'more names')}`,
    what: 'Yes adds the name beside the caption, as a keyword or a person. Whole pictures are compared, not faces: people are found by where and how they were photographed.',
  },

  adapters: {
    title: 'Adapters',
    what: 'An adapter is what was learned, apart from the model.',
    base: 'As it came',
    baseWhat: 'The model with what came with it.',
    unnamed: (id: string) => `Adapter ${id.slice(0, 8)}`,
    inUse: 'In use.',
    waits: 'Waits for your decision.',
    imported: 'From elsewhere.',
    labels: (count: number) => `${photos(count)} learned.`,
    names: (names: readonly string[]) => `Names: ${quoted(names)}.`,
    moreNames: (names: readonly string[], rest: number) =>
      `Names: ${quoted(names)}, and ${numbers.format(rest)} more.`,
    change: 'Change',
    changeOf: (name: string) => `Change ${name}`,
    name: 'Name',
    note: 'Note',
    shape: (parameters: number, size: string, rank: number) =>
      `${numbers.format(parameters)} trained numbers, ${size}, rank ${numbers.format(rank)}.`,
    id: (id: string) => `Id ${id}.`,
    use: 'Use it',
    used: (name: string) => `${name} is in use. The captions of the model are written again.`,
    measureFirst: 'It comes from elsewhere: compare it on your own photos before you use it.',
    compare: 'Compare',
    compareWith: 'with',
    comparing: (name: string) => `Comparing ${name}`,
    compared: (name: string, other: string) => `${name} after, ${other} before`,
    closeComparison: 'Close the comparison',
    export: 'Export',
    exportNames: (names: readonly string[]) =>
      `The file says these names to whoever has it: ${quoted(names)}.`,
    exporting: 'Writing the adapter',
    exported: (names: readonly string[]) =>
      names.length === 0
        ? 'The adapter is saved. No names are in it.'
        : `The adapter is saved. Names in it: ${quoted(names)}.`,
    import: 'Import',
    importing: 'Taking in the adapter',
    took: (name: string) => `${name} is here. Compare it on your own photos before you use it.`,
    back: (name: string | null) => (name === null ? 'Back to how it came' : `Back to ${name}`),
    rolledBack: (name: string | null) =>
      name === null
        ? 'The model captions as it came, with the captions of then.'
        : `${name} is in use again, with the captions of then.`,
    discard: 'Discard',
    discardTitle: (name: string) => `Discard ${name}?`,
    discardWhat:
      'Its file is deleted. This cannot be taken back. Captions that it wrote stay in the history.',
    discarded: (name: string) => `${name} is discarded.`,
    figures: 'Figures of who made it',
  },

  commands: {
    right: 'This is right',
    skip: 'Skip the photo',
    back: 'Photo before it',
    train: 'Train on your words',
    offerYes: 'The photo shows what has the name',
    offerNo: 'The photo does not show it',
  },
}
