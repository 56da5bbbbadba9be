;; Float32 to IEEE half precision by vector instructions, four values at a time: nearest, ties to even.
;; The same as roundWord in ../float16.ts, without branches: all cases are computed, then one is selected.
(module
  ;; Pages of 64 KiB: 16384 floats and their halves.
  (memory (export "memory") 2)

  ;; Rounds the floats at bytes $from to $end, at least four and a multiple of four, and writes the halves to $to.
  ;; Returns the largest magnitude among them, as its bits: above 0x7f800000 one is NaN.
  (func (export "round") (param $from i32) (param $to i32) (param $end i32) (result i32)
    (local $largest v128)
    (local $word v128)
    (local $magnitude v128)
    (local $normal v128)
    (local $subnormal v128)
    (local $half v128)
    (loop $next
      (local.set $word (v128.load (local.get $from)))
      (local.set $magnitude
        (v128.and (local.get $word) (v128.const i32x4 0x7fffffff 0x7fffffff 0x7fffffff 0x7fffffff)))
      (local.set $largest (i32x4.max_s (local.get $largest) (local.get $magnitude)))

      ;; Normal half: rebias the exponent, add half a unit in the last place (less one, plus the last bit: ties to even), and shift.
      ;; 0xc8000fff is 0xfff - 0x38000000.
      (local.set $normal
        (i32x4.shr_u
          (i32x4.add
            (i32x4.add
              (local.get $magnitude)
              (v128.const i32x4 0xc8000fff 0xc8000fff 0xc8000fff 0xc8000fff))
            (v128.and
              (i32x4.shr_u (local.get $magnitude) (i32.const 13))
              (v128.const i32x4 1 1 1 1)))
          (i32.const 13)))
      ;; Too large: infinity.
      (local.set $normal
        (i32x4.min_s (local.get $normal) (v128.const i32x4 0x7c00 0x7c00 0x7c00 0x7c00)))

      ;; Subnormal half: the last bit of 0.5 is worth the smallest half, so adding 0.5 rounds to it.
      (local.set $subnormal
        (i32x4.sub
          (f32x4.add (local.get $magnitude) (v128.const f32x4 0.5 0.5 0.5 0.5))
          (v128.const f32x4 0.5 0.5 0.5 0.5)))

      (local.set $half
        (v128.bitselect
          (local.get $subnormal)
          (local.get $normal)
          (i32x4.lt_s (local.get $magnitude) (v128.const i32x4 0x38800000 0x38800000 0x38800000 0x38800000))))
      ;; NaN: the quiet bit beside the exponent of infinity.
      (local.set $half
        (v128.or
          (local.get $half)
          (v128.and
            (i32x4.lt_s (v128.const i32x4 0x7f800000 0x7f800000 0x7f800000 0x7f800000) (local.get $magnitude))
            (v128.const i32x4 0x200 0x200 0x200 0x200))))
      ;; Sign.
      (local.set $half
        (v128.or
          (local.get $half)
          (v128.and
            (i32x4.shr_u (local.get $word) (i32.const 16))
            (v128.const i32x4 0x8000 0x8000 0x8000 0x8000))))

      (v128.store64_lane align=1 0
        (local.get $to)
        (i16x8.narrow_i32x4_u (local.get $half) (local.get $half)))
      (local.set $to (i32.add (local.get $to) (i32.const 8)))
      (local.set $from (i32.add (local.get $from) (i32.const 16)))
      (br_if $next (i32.lt_u (local.get $from) (local.get $end))))
    (call $across (local.get $largest)))

  ;; The same magnitude of the floats at bytes $from to $end, without rounding them.
  (func (export "largest") (param $from i32) (param $end i32) (result i32)
    (local $largest v128)
    (loop $next
      (local.set $largest
        (i32x4.max_s
          (local.get $largest)
          (v128.and
            (v128.load (local.get $from))
            (v128.const i32x4 0x7fffffff 0x7fffffff 0x7fffffff 0x7fffffff))))
      (local.set $from (i32.add (local.get $from) (i32.const 16)))
      (br_if $next (i32.lt_u (local.get $from) (local.get $end))))
    (call $across (local.get $largest)))

  ;; The largest of four integers.
  (func $across (param $four v128) (result i32)
    (local.set $four
      (i32x4.max_s
        (local.get $four)
        (i8x16.shuffle 8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7 (local.get $four) (local.get $four))))
    (i32x4.extract_lane 0
      (i32x4.max_s
        (local.get $four)
        (i8x16.shuffle 4 5 6 7 0 1 2 3 12 13 14 15 8 9 10 11 (local.get $four) (local.get $four))))))
