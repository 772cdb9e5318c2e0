//! Decodes pictures and films as a viewer shows them. Films must loop and end each frame as
//! their encoders do.

use ::gif::{ColorOutput, DecodeOptions, DisposalMethod, Repeat};
use png::{BlendOp, Decoder, DisposeOp, Reader, Transformations};
use std::io::Cursor;

/// A colour for each pixel, row by row, or none where it is transparent.
pub(crate) type Picture = Vec<Option<[u8; 3]>>;

/// What a viewer shows with each frame, and for how long, in hundredths of a second.
pub(crate) fn decode_gif(gif: &[u8]) -> (usize, usize, Vec<(Picture, u16)>) {
    let mut options = DecodeOptions::new();
    options.set_color_output(ColorOutput::Indexed);
    let mut decoder = options.read_info(gif).unwrap();
    let (width, height) = (usize::from(decoder.width()), usize::from(decoder.height()));
    let palette = decoder.global_palette().unwrap().to_vec();
    let mut shown: Picture = vec![None; width * height];
    let mut frames = Vec::new();
    while let Some(frame) = decoder.read_next_frame().unwrap() {
        let mut cleared = Vec::new();
        for (index, colour) in frame.buffer.iter().enumerate() {
            let (across, down) = (
                index % usize::from(frame.width),
                index / usize::from(frame.width),
            );
            let at = (usize::from(frame.top) + down) * width + usize::from(frame.left) + across;
            cleared.push(at);
            if frame.transparent != Some(*colour) {
                let rgb = &palette[usize::from(*colour) * 3..][..3];
                shown[at] = Some([rgb[0], rgb[1], rgb[2]]);
            }
        }
        frames.push((shown.clone(), frame.delay));
        match frame.dispose {
            DisposalMethod::Keep => {}
            DisposalMethod::Background => cleared.into_iter().for_each(|at| shown[at] = None),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(decoder.repeat(), Repeat::Infinite);
    (width, height, frames)
}

/// The same for an animated PNG.
pub(crate) fn decode_apng(apng: &[u8]) -> (usize, usize, Vec<(Picture, u16)>) {
    let mut reader = read(apng);
    let (width, height) = (reader.info().width as usize, reader.info().height as usize);
    let animation = *reader.info().animation_control().unwrap();
    assert_eq!(animation.num_plays, 0);
    let mut shown: Picture = vec![None; width * height];
    let mut frames = Vec::new();
    let mut rgba = vec![0; reader.output_buffer_size().unwrap()];
    for _ in 0..animation.num_frames {
        reader.next_frame(&mut rgba).unwrap();
        let control = *reader.info().frame_control().unwrap();
        let (left, top) = (control.x_offset as usize, control.y_offset as usize);
        let (across, down) = (control.width as usize, control.height as usize);
        for (index, pixel) in rgba.chunks(4).take(across * down).enumerate() {
            let at = (top + index / across) * width + left + index % across;
            match (pixel[3], control.blend_op) {
                (255, _) => shown[at] = Some([pixel[0], pixel[1], pixel[2]]),
                (0, BlendOp::Source) => shown[at] = None,
                (0, BlendOp::Over) => {}
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(
            (control.dispose_op, control.delay_den),
            (DisposeOp::None, 100)
        );
        frames.push((shown.clone(), control.delay_num));
    }
    (width, height, frames)
}

/// The size of a PNG, and its pixels.
pub(crate) fn decode_png(png: &[u8]) -> (usize, usize, Picture) {
    let mut reader = read(png);
    let mut rgba = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut rgba).unwrap();
    let pixel = |pixel: &[u8]| (pixel[3] == 255).then_some([pixel[0], pixel[1], pixel[2]]);
    let picture = rgba.chunks(4).map(pixel).collect();
    (info.width as usize, info.height as usize, picture)
}

fn read(png: &[u8]) -> Reader<Cursor<&[u8]>> {
    let mut decoder = Decoder::new(Cursor::new(png));
    decoder.set_transformations(Transformations::EXPAND | Transformations::ALPHA);
    decoder.read_info().unwrap()
}
