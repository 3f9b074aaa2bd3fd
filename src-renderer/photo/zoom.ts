/** How a photo lies on its stage: larger than fitted by `scale`, its middle moved by so many pixels. */
export interface Zoom {
  scale: number
  xPx: number
  yPx: number
}

export interface Size {
  widthPx: number
  heightPx: number
}

export interface Point {
  xPx: number
  yPx: number
}

export const fitted: Zoom = { scale: 1, xPx: 0, yPx: 0 }

/** The largest size of a picture within a stage. @param ratio width by height */
export function fit(stage: Size, ratio: number): Size {
  const widthPx = Math.max(0, Math.min(stage.widthPx, stage.heightPx * ratio))
  return { widthPx, heightPx: widthPx / ratio }
}

/**
 * Another scale, where the point under the pointer stays under it.
 * @param point from the middle of the stage
 */
export function zoomTo(
  zoom: Zoom,
  scale: number,
  point: Point,
  picture: Size,
  stage: Size,
  most: number,
): Zoom {
  const wanted = Math.min(most, Math.max(1, scale))
  const factor = wanted / zoom.scale
  return within(
    {
      scale: wanted,
      xPx: point.xPx - (point.xPx - zoom.xPx) * factor,
      yPx: point.yPx - (point.yPx - zoom.yPx) * factor,
    },
    picture,
    stage,
  )
}

export function panBy(zoom: Zoom, by: Point, picture: Size, stage: Size): Zoom {
  return within({ ...zoom, xPx: zoom.xPx + by.xPx, yPx: zoom.yPx + by.yPx }, picture, stage)
}

/** Moved back where it left the stage: an edge of the picture never comes further in than the stage's own. */
export function within(zoom: Zoom, picture: Size, stage: Size): Zoom {
  const room = (pictureSize: number, stageSize: number) =>
    Math.max(0, (pictureSize * zoom.scale - stageSize) / 2)
  const clamp = (value: number, most: number) => Math.min(most, Math.max(-most, value)) + 0
  return {
    scale: zoom.scale,
    xPx: clamp(zoom.xPx, room(picture.widthPx, stage.widthPx)),
    yPx: clamp(zoom.yPx, room(picture.heightPx, stage.heightPx)),
  }
}

/** The scale at which one pixel of the file is one of the screen; null where the file's size is not known. */
export function fullScale(filePx: number | null, shownPx: number, pixelRatio: number): number | null {
  return filePx === null || shownPx <= 0 ? null : filePx / pixelRatio / shownPx
}
