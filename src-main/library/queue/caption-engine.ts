import type {
  CaptionResult,
  DecodedPicture,
  EmbeddedText,
  EngineInfo,
  ModelInput,
  ModelSpace,
  ThumbnailFacts,
} from '../../contract/engine-calls.ts'

/**
 * Whatever captions: the engine of this machine, or others. It gets pixels alone, never a path or a name.
 */
export interface CaptionEngine {
  /**
   * Opens the model if it is not open.
   * @throws LensloreError `MODEL_NOT_FOUND` and the like; `ENGINE_DIED` when none is to be had
   */
  info(): Promise<EngineInfo>
  /** Pictures that it takes in one run at present: another number once it was measured. */
  readonly batchSize: number
  /**
   * Captions one picture, together with those of other calls.
   * @param pixels `[H, W, 3]` as `info().input` has them
   * @throws LensloreError `ENGINE_DIED`, `CANCELLED`, `PICTURE_KILLS_ENGINE`
   */
  caption(pixels: Uint8Array<ArrayBuffer>, options?: CaptionOptions): Promise<CaptionResult>
  /** Where a picture is in the model's space, without any caption; pixels and errors as of `caption`. */
  embed(pixels: Uint8Array<ArrayBuffer>): Promise<Int8Array<ArrayBuffer>>
  /** Ends it; what is under way fails with `CANCELLED`. */
  close(): void
}

export interface CaptionOptions {
  /** All beams are wanted. */
  readings?: boolean
  /** Somebody waits for it: before all others that wait. */
  isUrgent?: boolean
}

export interface DecodeOptions {
  /** What to make the pixels for; null: none are wanted. */
  input: ModelInput | null
  /** Where a thumbnail is to be kept; null: none is wanted. */
  thumbnailDirectory: string | null
  /** Somebody waits for it. */
  isUrgent?: boolean
}

/** Reads pictures' files, which only this machine can. */
export interface PictureDecoder {
  /** @throws LensloreError the picture's own error; `PICTURE_KILLS_ENGINE`, `ENGINE_DIED`, `CANCELLED` */
  decode(path: string, options: DecodeOptions): Promise<DecodedPicture>
  /** Of a thumbnail's own file; errors as of `decode`. */
  describeThumbnail(path: string): Promise<ThumbnailFacts>
  /**
   * Keeps a copy of the whole picture in a directory, of a type that every browser draws; errors as of `decode`,
   * `DISK_FULL`, `WRITE_FAILED`.
   */
  preview(path: string, directory: string): Promise<{ contentHash: string }>
}

/** Brings texts to the space in which they meet pictures, for which the model need not be open. */
export interface TextReader {
  /** @throws LensloreError `MODEL_INCOMPLETE` where there is no such space, `MODEL_NOT_FOUND` and the like, `ENGINE_DIED`, `CANCELLED` */
  embedText(text: string): Promise<EmbeddedText>
  /** In which they meet; errors as of `embedText`. */
  space(): Promise<ModelSpace>
}

/** From a file to its caption, by what decodes here and what captions wherever. */
export async function captionFile(
  decoder: PictureDecoder,
  engine: CaptionEngine,
  path: string,
  {
    thumbnailDirectory = null,
    isUrgent = false,
  }: { thumbnailDirectory?: string | null; isUrgent?: boolean } = {},
): Promise<{ picture: DecodedPicture; result: CaptionResult }> {
  const { input } = await engine.info()
  const picture = await decoder.decode(path, { input, thumbnailDirectory })
  return { picture, result: await engine.caption(picture.pixels!, { isUrgent }) }
}
