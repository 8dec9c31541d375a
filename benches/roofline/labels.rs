//! Where labels go so that none lies on another or on a point.

/// A rectangle of pixels: left, top, right, bottom.
#[derive(Clone, Copy)]
pub struct Rectangle(pub [i32; 4]);

impl Rectangle {
    fn centred((x, y): (i32, i32), (width, height): (i32, i32)) -> Self {
        Self([x - width / 2, y - height / 2, x + width / 2, y + height / 2])
    }

    /// Pixels that both cover.
    fn overlap(self, other: Self) -> i32 {
        let Self([left, top, right, bottom]) = self;
        let Self([other_left, other_top, other_right, other_bottom]) = other;
        let width = right.min(other_right) - left.max(other_left);
        let height = bottom.min(other_bottom) - top.max(other_top);
        width.max(0) * height.max(0)
    }
}

/// Finds the centre of a label of `size` for each of `points`, inside of `bounds` and off `taken`.
pub fn place(
    points: &[(i32, i32)],
    sizes: &[(i32, i32)],
    bounds: Rectangle,
    taken: &[Rectangle],
) -> Vec<(i32, i32)> {
    let Rectangle([left, top, right, bottom]) = bounds;
    let markers = points.iter().map(|&point| Rectangle::centred(point, (12, 12)));
    let mut taken: Vec<_> = taken.iter().copied().chain(markers).collect();
    let mut centres = Vec::new();
    for (&(x, y), &size) in points.iter().zip(sizes) {
        let candidates = (0..12).flat_map(|ring| {
            let radius = 7 + 6 * ring;
            let (dx, dy) = (size.0 / 2 + radius, size.1 / 2 + radius - 2);
            [(0, -dy), (dx, 0), (-dx, 0), (0, dy), (dx, -dy), (-dx, -dy), (dx, dy), (-dx, dy)]
                .map(|(dx, dy)| (x + dx, y + dy))
        });
        let inside = candidates.filter(|&centre| {
            let Rectangle([l, t, r, b]) = Rectangle::centred(centre, size);
            l >= left && t >= top && r <= right && b <= bottom
        });
        let covered = |&centre: &(i32, i32)| -> i32 {
            let label = Rectangle::centred(centre, size);
            taken.iter().map(|&other| label.overlap(other)).sum()
        };
        // The nearest of those that cover least.
        let centre = inside.min_by_key(covered).unwrap_or((x, y));
        taken.push(Rectangle::centred(centre, size));
        centres.push(centre);
    }
    centres
}
