// The U-Net's order of layers, the same in f32 and i8. Included by files that say what an `Element` is and
// have layers of these names.

network! {
    /// The layers with weights.
    pub struct Unet(Element) {
        enc1a: Enc1a,
        enc1b: Enc1b,
        enc2a: Enc2a,
        enc2b: Enc2b,
        mid_a: MidA,
        mid_b: MidB,
        up2: Up2,
        dec2: Dec2,
        up1: Up1,
        dec1: Dec1,
        out: Out,
    }

    /// The memory one inference needs.
    pub struct Memory;

    /// One logit per pixel of `image`.
    pub fn infer(image: Tensor<Element, 1, 48, 48>) -> logits: Tensor<Element, 1, 48, 48> {
        skip1 = image | enc1a | enc1b;
        skip2 = skip1 | Pool1 | enc2a | enc2b;
        up2 = skip2 | Pool2 | mid_a | mid_b | up2;
        half = concat(up2, skip2);
        up1 = half | dec2 | up1;
        full = concat(up1, skip1);
        logits = full | dec1 | out;
    }
}
