/** Of a file that photos are compared with: one message of a page has not much more. */
export const mostPictureBytes = 32 * 2 ** 20
