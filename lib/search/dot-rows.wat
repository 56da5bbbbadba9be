;; Dot products of one vector with many rows, eight numbers at a time. The same as dotRow in nearest.ts, with sums in
;; another order.
(module
  ;; Pages of 64 KiB: the vector, some rows, and their products.
  (memory (export "memory") 8)

  ;; Multiplies the vector at bytes 0 to $width with each row from $row to $end, and writes a product each to $to.
  ;; $width, the bytes of a row, is a multiple of 32 and above 0.
  (func (export "dot") (param $row i32) (param $end i32) (param $width i32) (param $to i32)
    (local $at i32)
    (local $a v128)
    (local $b v128)
    (loop $next_row
      (local.set $at (i32.const 0))
      (local.set $a (v128.const f32x4 0 0 0 0))
      (local.set $b (v128.const f32x4 0 0 0 0))
      (loop $next
        (local.set $a
          (f32x4.add
            (local.get $a)
            (f32x4.mul (v128.load (local.get $at)) (v128.load (i32.add (local.get $row) (local.get $at))))))
        (local.set $b
          (f32x4.add
            (local.get $b)
            (f32x4.mul
              (v128.load offset=16 (local.get $at))
              (v128.load offset=16 (i32.add (local.get $row) (local.get $at))))))
        (local.set $at (i32.add (local.get $at) (i32.const 32)))
        (br_if $next (i32.lt_u (local.get $at) (local.get $width))))
      (local.set $a (f32x4.add (local.get $a) (local.get $b)))
      (f32.store (local.get $to)
        (f32.add
          (f32.add (f32x4.extract_lane 0 (local.get $a)) (f32x4.extract_lane 1 (local.get $a)))
          (f32.add (f32x4.extract_lane 2 (local.get $a)) (f32x4.extract_lane 3 (local.get $a)))))
      (local.set $to (i32.add (local.get $to) (i32.const 4)))
      (local.set $row (i32.add (local.get $row) (local.get $width)))
      (br_if $next_row (i32.lt_u (local.get $row) (local.get $end))))))
