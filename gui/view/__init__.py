"""What the app shows. Views draw arrays they are given; none of them computes an activation."""
