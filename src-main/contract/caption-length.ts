/** A caption longer than this is refused at the border: no reader shows it and the index would suffer. */
export const maxCaptionLength = 10_000
