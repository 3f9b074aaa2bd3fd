import type { EmbeddedText, EngineInfo, ModelInput, ModelSpace } from '../contract/engine-calls.ts'
import { type ErrorCode, LensloreError } from '../contract/errors.ts'
import type { Reading, TextAttention } from '../contract/records.ts'
import { thumbnailPath } from '../contract/thumbnail-path.ts'
import type { TextReader } from './queue/caption-engine.ts'
import type { SupervisedEngine } from './queue/engine-supervisor.ts'
import type { Store } from './store/store.ts'
import { isThumbnailKept } from './thumbnails.ts'

export interface ModelQuestionsOptions {
  store: Pick<Store, 'photos' | 'captions'>
  thumbnailDirectory: string
  openEngine(): Promise<{ engine: SupervisedEngine; info: Pick<EngineInfo, 'input' | 'spaceId'> }>
  openReader(): Promise<TextReader>
  /** Nobody asks any more: an engine that has nothing else to do may end. */
  onIdle(): void
}

/** What a person asks the model; the answers are kept nowhere. */
export interface ModelQuestions {
  /** @throws LensloreError `PHOTO_NOT_FOUND`, the picture's own error, what the engine says of the model */
  readings(photo: number): Promise<Reading[]>
  /**
   * @param text null: the photo's current caption
   * @throws LensloreError as `readings`; `INVALID_ARGUMENT` where there are no words
   */
  attention(photo: number, text: string | null): Promise<TextAttention>
  /** A text in the model's space; errors as of `TextReader`. */
  embedText(text: string): Promise<EmbeddedText>
  /** Of the model; errors as of `embedText`. */
  space(): Promise<ModelSpace>
  /**
   * Where the model sees the picture of any file.
   * @throws LensloreError the picture's own error; `MODEL_INCOMPLETE` for a model without a space, what the engine says of the model
   */
  embedFile(path: string): Promise<{ spaceId: string; vector: Int8Array }>
}

/** Whoever goes from photo to photo asks again soon. */
const idleAfterMs = 60_000
const awayCodes: ReadonlySet<ErrorCode> = new Set(['FILE_NOT_FOUND', 'FILE_UNAVAILABLE'])

export function createModelQuestions(options: ModelQuestionsOptions): ModelQuestions {
  const { store, thumbnailDirectory, openEngine, openReader, onIdle } = options
  let idle: NodeJS.Timeout | undefined

  async function whileAsked<T>(answer: () => Promise<T>): Promise<T> {
    clearTimeout(idle)
    try {
      return await answer()
    } finally {
      clearTimeout(idle)
      idle = setTimeout(onIdle, idleAfterMs).unref()
    }
  }

  const ask = <T>(photoId: number, question: (asked: Asked) => Promise<T>) =>
    whileAsked(async () => {
      const { engine, info } = await openEngine()
      const { pixels, widthPx, heightPx } = await see(engine, info.input, photoId)
      return question({ engine, pixels: pixels!, seen: seenOf(info.input, widthPx, heightPx) })
    })

  /** A photo on a drive that is away is seen by its thumbnail, which is larger than any model's input. */
  async function see(engine: SupervisedEngine, input: ModelInput, photoId: number) {
    const { path, contentHash, folderState } = store.photos.known(photoId)
    const how = { input, thumbnailDirectory: null }
    const isKept = contentHash !== null && isThumbnailKept(thumbnailDirectory, contentHash)
    const thumbnail = isKept ? thumbnailPath(thumbnailDirectory, contentHash) : null
    if (folderState === 'offline' && thumbnail) return engine.decode(thumbnail, how)
    try {
      return await engine.decode(path, how)
    } catch (thrown) {
      const isAway = thrown instanceof LensloreError && awayCodes.has(thrown.code)
      if (!isAway || !thumbnail) throw thrown
      return engine.decode(thumbnail, how)
    }
  }

  return {
    readings: (photo) =>
      ask(photo, async ({ engine, pixels }) => {
        const { readings = [] } = await engine.caption(pixels, { readings: true })
        // Different tokens may be the same words.
        return readings.filter(
          ({ text }, at) => text !== '' && readings.findIndex((other) => other.text === text) === at,
        )
      }),
    embedText: (text) => whileAsked(async () => (await openReader()).embedText(text)),
    space: () => whileAsked(async () => (await openReader()).space()),
    embedFile: (path) =>
      whileAsked(async () => {
        const { engine, info } = await openEngine()
        const how = { input: info.input, thumbnailDirectory: null, isUrgent: true }
        const { pixels } = await engine.decode(path, how)
        // Without a space the engine says so.
        const vector = await engine.embed(pixels!)
        return { spaceId: info.spaceId!, vector }
      }),
    async attention(photo, given) {
      const text = given ?? store.captions.current(store.photos.known(photo).id)?.text ?? ''
      if (text === '') throw new LensloreError('INVALID_ARGUMENT', 'This photo has no words to look at.')
      return ask(photo, async ({ engine, pixels, seen }) => ({
        text,
        ...(await engine.look(pixels, text)),
        seen,
      }))
    },
  }
}

interface Asked {
  engine: SupervisedEngine
  pixels: Uint8Array<ArrayBuffer>
  seen: TextAttention['seen']
}

/** The part of the upright picture that comes to be the model's input, in fractions of its sides. */
export function seenOf(
  { resize, crop }: ModelInput,
  widthPx: number,
  heightPx: number,
): TextAttention['seen'] {
  if (crop === null) return { left: 0, top: 0, width: 1, height: 1 }
  const scale = resize.kind === 'shortest-edge' ? resize.px / Math.min(widthPx, heightPx) : null
  const resizedWidthPx = resize.kind === 'squash' ? resize.widthPx : Math.floor(widthPx * scale!)
  const resizedHeightPx = resize.kind === 'squash' ? resize.heightPx : Math.floor(heightPx * scale!)
  const width = Math.min(1, crop.widthPx / resizedWidthPx)
  const height = Math.min(1, crop.heightPx / resizedHeightPx)
  return { left: (1 - width) / 2, top: (1 - height) / 2, width, height }
}
