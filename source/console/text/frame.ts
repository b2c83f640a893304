import {blank, fit, lineWidth, span, type Line} from './line.ts';

export interface FrameOptions {
  readonly title: Line;
  /** In the bottom border, right. */
  readonly footer?: Line | undefined;
  readonly width: number;
  readonly height: number;
  readonly isFocused: boolean;
}

/** Cells between the borders and the content. */
export const FRAME_PADDING = 1;
export const innerWidth = (width: number): number => Math.max(0, width - 2 - 2 * FRAME_PADDING);

/** A border with a title around `body`, exactly `width` by `height`. The focused one is heavy, without colours too. */
export const frame = (body: readonly Line[], {title, footer, width, height, isFocused}: FrameOptions): Line[] => {
  const style = isFocused ? 'frameFocus' : 'frame';
  const [corners, across, down] = isFocused ? ['┏┓┗┛', '━', '┃'] : ['╭╮╰╯', '─', '│'];
  const edge = (left: string, content: Line, right: string, isTop: boolean): Line => {
    const room = width - 6;
    const label =
      lineWidth(content) === 0 ? [] : [span(' '), ...fit(content, Math.min(room, lineWidth(content))), span(' ')];
    const rest = span(across.repeat(Math.max(0, width - 3 - lineWidth(label))), style);
    const stub = span(across, style);
    const middle = isTop ? [stub, ...label, rest] : [rest, ...label, stub];
    return fit([span(left, style), ...middle, span(right, style)], width);
  };
  const inner = innerWidth(width);
  const side = span(down, style);
  const rows = Array.from({length: Math.max(0, height - 2)}, (_, index): Line => {
    const content = fit(body[index] ?? [], inner);
    return [side, blank(FRAME_PADDING), ...content, blank(FRAME_PADDING), side];
  });
  return [
    edge(corners[0]!, title, corners[1]!, true),
    ...rows,
    edge(corners[2]!, footer ?? [], corners[3]!, false),
  ].slice(0, Math.max(0, height));
};
