"""What several tests share: structured and Gmsh meshes, error norms, values at points."""
